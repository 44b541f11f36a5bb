// The contract of sinks on a real store, started by tests/services/test_s3_*.py: $KILN_S3_BUCKET at
// $AWS_ENDPOINT_URL_S3 with the credentials of the AWS variables.
#include <cstdlib>

#include "sink/s3/s3_sink.h"
#include "sink/sink_contract_test.h"

namespace kiln::sink::testing {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

base::SystemClock clock_of_test;
base::SystemRandom random_of_test;

/// A prefix that nobody has used.
class Prefix final : public SinkPlace {
 public:
  explicit Prefix(uint64_t part_size) {
    options_.bucket = variable("KILN_S3_BUCKET");
    options_.endpoint = variable("AWS_ENDPOINT_URL_S3");
    options_.credentials = {variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"), ""};
    options_.prefix = "contract/" + base::random_hex(random_of_test, 16);
    options_.part_size = part_size;
    options_.ca_file = variable("AWS_CA_BUNDLE");
  }
  std::unique_ptr<ExportSink> open(const std::string& instance) override {
    auto sink = open_s3_sink(options_, instance, clock_of_test, random_of_test);
    if (sink.ok()) return std::move(sink).value();
    ADD_FAILURE() << sink.error().to_string();
    return nullptr;
  }

 private:
  S3Options options_;
};

constexpr uint64_t kMiB = 1 << 20;

INSTANTIATE_TEST_SUITE_P(
    S3, SinkContract,
    ::testing::Values(SinkCase{"Whole", [] { return std::make_unique<Prefix>(16 * kMiB); }},
                      SinkCase{"Parts", [] { return std::make_unique<Prefix>(5 * kMiB); },
                               23 * kMiB}),
    name_of_case);

}  // namespace
}  // namespace kiln::sink::testing
