#include "sink/observed_sink.h"

#include <gmock/gmock.h>

#include "sink/memory/memory_sink.h"
#include "sink/s3/s3_sink.h"
#include "sink/sink_contract_test.h"
#include "sink/testing/scripted_store.h"

namespace kiln::sink::testing {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::Pair;

class Observed final : public SinkPlace {
 public:
  std::unique_ptr<ExportSink> open(const std::string&) override {
    return observe_sink(make_memory_sink(uint64_t{64} << 20),
                        [](SinkOperation, const base::Error&) {});
  }
};

INSTANTIATE_TEST_SUITE_P(Observed, SinkContract,
                         ::testing::Values(SinkCase{"Memory",
                                                    [] { return std::make_unique<Observed>(); }}),
                         name_of_case);

TEST(ObservedSinkTest, TellsOfEveryFailureOnceAndOfNoStop) {
  std::vector<std::pair<std::string, ErrorCode>> told;
  ScriptedStore store;
  store.answer(200, "<ListBucketResult/>");
  auto s3 = open_s3_sink(ScriptedStore::options(), "own", store.seams());
  ASSERT_TRUE(s3.ok());
  const auto sink = observe_sink(std::move(*s3), [&](SinkOperation what, const base::Error& error) {
    told.emplace_back(name_of(what), error.code());
  });
  const ObjectKey key{"job", 1, "a"};
  store.refuse(403, "AccessDenied");
  EXPECT_FALSE(sink->create(key, {}).ok());
  store.answer(404);
  auto writer = std::move(sink->create(key, {})).value();
  store.refuse(403, "AccessDenied");
  EXPECT_FALSE(writer->finish().ok());
  EXPECT_FALSE(writer->write("x").ok());
  EXPECT_FALSE(sink->open({"..", 1, "a"}, 0, 1).ok());
  store.refuse(404, "NoSuchKey");
  char byte = 0;
  EXPECT_FALSE((*sink->open(key, 0, 1))->read(&byte, 1).ok());
  store.refuse(403, "AccessDenied");
  EXPECT_FALSE(sink->remove_job("job", {}).ok());
  store.refuse(403, "AccessDenied");
  EXPECT_FALSE(sink->remove_attempts_before("job", 2, {}).ok());
  store.refuse(403, "AccessDenied");
  EXPECT_FALSE(sink->list_jobs({}).ok());
  EXPECT_THAT(told,
              ElementsAre(Pair("create", ErrorCode::kIo), Pair("finish", ErrorCode::kIo),
                          Pair("write", ErrorCode::kInternal), Pair("open", ErrorCode::kInternal),
                          Pair("read", ErrorCode::kNotFound), Pair("remove", ErrorCode::kIo),
                          Pair("remove", ErrorCode::kIo), Pair("list", ErrorCode::kIo)));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(sink->list_jobs(stop.get_token()).ok());
  const auto source = std::move(sink->open(key, 0, 1)).value();
  source->cancel();
  EXPECT_EQ(source->read(&byte, 1).error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(told.size(), 8U);
}

}  // namespace
}  // namespace kiln::sink::testing
