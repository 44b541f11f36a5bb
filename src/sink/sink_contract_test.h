// What every sink must do. A sink's tests instantiate SinkContract with a way to make a place:
//
//   INSTANTIATE_TEST_SUITE_P(Filesystem, SinkContract, testing::Values(SinkCase{...}),
//   name_of_case);
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sink/export_sink.h"

namespace kiln::sink::testing {

/// An empty place for files: a new folder, a new prefix of a bucket.
class SinkPlace {
 public:
  virtual ~SinkPlace() = default;
  /// A sink over the place. Several may be open at once, of one instance or of several.
  virtual std::unique_ptr<ExportSink> open(const std::string& instance) = 0;
};

struct SinkCase {
  std::string name;
  std::function<std::unique_ptr<SinkPlace>()> make_place;
  /// Larger than every buffer of the sink.
  size_t large = size_t{9} << 20;

  friend void PrintTo(const SinkCase& one, std::ostream* out) { *out << one.name; }
};

inline std::string name_of_case(const ::testing::TestParamInfo<SinkCase>& info) {
  return info.param.name;
}

class SinkContract : public ::testing::TestWithParam<SinkCase> {
 protected:
  void SetUp() override;

  std::unique_ptr<SinkPlace> place_;
  std::unique_ptr<ExportSink> sink_;  ///< instance "one"
};

/// `size` bytes that never repeat at a power of two, so that swapped parts are seen.
std::string patterned(size_t size);

/// Creates, writes and finishes; the error's text fails the test.
void store(ExportSink& sink, const ObjectKey& key, std::string_view bytes);

/// A range of a file, read in pieces of `piece` bytes.
base::Result<std::string> load(ExportSink& sink, const ObjectKey& key, uint64_t offset,
                               uint64_t length, size_t piece = 64 << 10);

/// The code of an open() or of reading to the end; nothing if both went well.
std::optional<base::ErrorCode> load_error(ExportSink& sink, const ObjectKey& key, uint64_t offset,
                                          uint64_t length);

std::vector<std::string> jobs_of(ExportSink& sink);

}  // namespace kiln::sink::testing
