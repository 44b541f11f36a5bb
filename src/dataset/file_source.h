// Files as sources: NDJSON, plain or compressed, pipes, .json files.
#pragma once

#include <memory>
#include <vector>

#include "dataset/open_file.h"
#include "dataset/snapshot.h"
#include "json/document.h"

namespace kiln::dataset {

/// Plain NDJSON is read in ranges, a .json file as a whole, anything else from front to back.
class FileSource final : public Source {
 public:
  explicit FileSource(OpenFilePtr file);
  /// As OpenFile::open().
  static base::Result<std::shared_ptr<const FileSource>> open(const Input& input,
                                                              const OpenOptions& options = {});
  /// From what describe() wrote; as OpenFile::open_as_it_was().
  static base::Result<std::shared_ptr<const FileSource>> reopen(json::Value description,
                                                                const OpenOptions& options);

  const OpenFile& file() const { return *file_; }
  /// Of what describe() wrote.
  static std::string path_of(json::Value description);

  std::unique_ptr<Parts> parts(const ReaderOptions& options) const override;
  base::Result<Block> load(const Part& part, BlockBuffer& buffer,
                           const ReaderOptions& options) const override;
  base::SourcePosition position(const Block& block, const char* at,
                                const std::string& place) const override;
  OpenFilePtr opened_file() const override { return file_; }
  base::Status verify(const std::stop_token& stop) const override {
    return OpenFile::check_unchanged({file_}, stop);
  }
  base::Status describe(json::Writer& writer) const override;

 private:
  base::Result<Block> load_range(const Part& part, BlockBuffer& buffer,
                                 const ReaderOptions& options) const;
  uint64_t line_at(uint64_t offset) const;

  const OpenFilePtr file_;
};

/// All of them or none. Touches the files in this thread; `looking_at` is told of each before.
base::Result<Snapshot> open_files(const std::vector<Input>& inputs, const OpenOptions& options = {},
                                  const LookingAt& looking_at = {});

}  // namespace kiln::dataset
