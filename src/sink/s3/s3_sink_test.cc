#include "sink/s3/s3_sink.h"

#include <atomic>
#include <condition_variable>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sink/sink_contract_test.h"
#include "sink/testing/memory_store.h"
#include "sink/testing/scripted_store.h"

namespace kiln::sink::testing {
namespace {

/// The contract, without a network.
class InMemory final : public SinkPlace {
 public:
  explicit InMemory(uint64_t part_size) {
    options_.part_size = part_size;
    options_.prefix = "a/b";
    front_.otherwise = [this](const SeenRequest& request) { return store_.handle(request); };
  }
  std::unique_ptr<ExportSink> open(const std::string& instance) override {
    auto sink = open_s3_sink(options_, instance, front_.seams());
    if (sink.ok()) return std::move(sink).value();
    ADD_FAILURE() << sink.error().to_string();
    return nullptr;
  }

 private:
  S3Options options_ = ScriptedStore::options();
  MemoryStore store_;
  ScriptedStore front_;
};

INSTANTIATE_TEST_SUITE_P(
    S3, SinkContract,
    ::testing::Values(
        SinkCase{"Whole", [] { return std::make_unique<InMemory>(uint64_t{16} << 20); }},
        SinkCase{"Parts", [] { return std::make_unique<InMemory>(uint64_t{5} << 20); },
                 size_t{23} << 20}),
    name_of_case);

}  // namespace
}  // namespace kiln::sink::testing

namespace kiln::sink {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uint64_t kMiB = 1 << 20;
constexpr const char* kNothing =
    "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
constexpr const char* kNoUploads =
    "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";

class S3SinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<ExportSink> open() {
    store_.answer(200, kNothing);
    auto sink = open_s3_sink(options_, "own", store_.seams());
    EXPECT_TRUE(sink.ok());
    return sink.ok() ? std::move(sink).value() : nullptr;
  }
  /// The requests after the first one, which looks at the bucket.
  std::vector<std::string> seen() {
    auto all = store_.seen();
    all.erase(all.begin());
    return all;
  }

  testing::ScriptedStore store_;
  S3Options options_ = testing::ScriptedStore::options();
};

TEST_F(S3SinkTest, ABucketThatMayNotBeSeenIsToldAtOnce) {
  for (const char* code : {"AccessDenied", "NoSuchBucket", "SignatureDoesNotMatch"}) {
    store_.refuse(403, code);
    const auto sink = open_s3_sink(options_, "own", store_.seams());
    ASSERT_FALSE(sink.ok());
    EXPECT_EQ(sink.error().code(), ErrorCode::kIo);
    EXPECT_THAT(sink.error().to_string(), HasSubstr(code));
  }
  store_.break_connection();
  EXPECT_TRUE(open_s3_sink(options_, "own", store_.seams()).ok()) << "it may come back";
}

TEST_F(S3SinkTest, RemovesWhatIsAnAttemptsAndNothingElse) {
  options_.prefix = "some/where";
  const auto sink = open();
  store_.answer(200,
                "<ListMultipartUploadsResult><Upload><Key>some/where/own/job/2/b</Key>"
                "<UploadId>u</UploadId></Upload></ListMultipartUploadsResult>");
  store_.answer(204);
  store_.answer(200,
                "<ListBucketResult><IsTruncated>true</IsTruncated>"
                "<NextContinuationToken>n</NextContinuationToken>"
                "<Contents><Key>some/where/own/job/1/a</Key></Contents>"
                "<Contents><Key>some/where/own/job/12x/a</Key></Contents></ListBucketResult>");
  store_.answer(200, "<DeleteResult/>");
  store_.answer(200,
                "<ListBucketResult><Contents><Key>some/where/own/job/30/c</Key></Contents>"
                "<Contents><Key>some/where/own/job/notes</Key></Contents>"
                "<Contents><Key>some/where/own/joc/1/a</Key></Contents></ListBucketResult>");
  store_.answer(200, "<DeleteResult/>");
  EXPECT_TRUE(sink->remove_job("job", {}).ok());
  EXPECT_THAT(
      seen(),
      ElementsAre("GET ?prefix=some%2Fwhere%2Fown%2Fjob%2F&uploads=",
                  "DELETE /some/where/own/job/2/b?uploadId=u",
                  "GET ?list-type=2&prefix=some%2Fwhere%2Fown%2Fjob%2F", "POST ?delete=",
                  "GET ?continuation-token=n&list-type=2&prefix=some%2Fwhere%2Fown%2Fjob%2F",
                  "POST ?delete="));
  EXPECT_THAT(store_.requests()[4].body,
              HasSubstr("<Object><Key>some/where/own/job/1/a</Key></Object><Quiet>"));
  EXPECT_THAT(store_.requests()[6].body, HasSubstr("job/30/c"));
}

TEST_F(S3SinkTest, RemovesOnlyEarlierAttemptsIfAskedTo) {
  const auto sink = open();
  store_.answer(200,
                "<ListMultipartUploadsResult>"
                "<Upload><Key>own/job/1/a</Key><UploadId>1</UploadId></Upload>"
                "<Upload><Key>own/job/2/a</Key><UploadId>2</UploadId></Upload>"
                "</ListMultipartUploadsResult>");
  store_.answer(204);
  store_.answer(200,
                "<ListBucketResult><Contents><Key>own/job/1/b</Key></Contents>"
                "<Contents><Key>own/job/2/b</Key></Contents></ListBucketResult>");
  store_.answer(200, "<DeleteResult/>");
  EXPECT_TRUE(sink->remove_attempts_before("job", 2, {}).ok());
  EXPECT_EQ(seen()[1], "DELETE /own/job/1/a?uploadId=1");
  EXPECT_EQ(store_.requests().back().body.find("job/2/b"), std::string::npos);
  EXPECT_EQ(seen().size(), 4U);
}

TEST_F(S3SinkTest, RemovesAtMostAThousandKeysAtOnce) {
  const auto sink = open();
  store_.answer(200, kNoUploads);
  std::string page = "<ListBucketResult>";
  for (int i = 0; i < 2500; ++i) {
    page += "<Contents><Key>own/job/1/" + std::to_string(i) + "</Key></Contents>";
  }
  store_.answer(200, page + "</ListBucketResult>");
  for (int batch = 0; batch < 3; ++batch) store_.answer(200, "<DeleteResult/>");
  EXPECT_TRUE(sink->remove_job("job", {}).ok());
  const auto requests = store_.requests();
  ASSERT_EQ(requests.size(), 6U);
  const size_t expected[] = {1000, 1000, 500};
  for (size_t batch = 0; batch < 3; ++batch) {
    size_t keys = 0;
    const std::string& body = requests[3 + batch].body;
    for (size_t at = body.find("<Key>"); at != std::string::npos; at = body.find("<Key>", at + 1)) {
      ++keys;
    }
    EXPECT_EQ(keys, expected[batch]);
  }
}

TEST_F(S3SinkTest, AKeyThatStaysMakesTheRemovalFail) {
  const auto sink = open();
  store_.answer(200, kNoUploads);
  store_.answer(200,
                "<ListBucketResult><Contents><Key>own/job/1/a</Key></Contents></ListBucketResult>");
  store_.answer(200,
                "<DeleteResult><Error><Key>own/job/1/a</Key><Code>AccessDenied</Code></Error>"
                "</DeleteResult>");
  EXPECT_EQ(sink->remove_job("job", {}).error().code(), ErrorCode::kIo);
}

/// A page of one key that says that there is more.
std::string endless_page(const std::string& key, const std::string& token) {
  return "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>" + token +
         "</NextContinuationToken><Contents><Key>" + key + "</Key></Contents></ListBucketResult>";
}

/// The kinds of lists without an end; what is asked in vain is bounded for each.
TEST_F(S3SinkTest, Issue_1_9_AListThatDoesNotEndIsGivenUp) {
  int number = 0;
  const auto fresh = [&] { return std::to_string(1'000'000 + ++number); };
  const std::pair<const char*, std::function<std::string()>> kinds[] = {
      {"the same token", [&] { return endless_page("own/job/1/" + fresh(), "t"); }},
      {"the same page", [&] { return endless_page("own/job/1/a", fresh()); }},
      {"keys that go back",
       [&] { return endless_page("own/job/1/" + std::to_string(9'000'000 - ++number), fresh()); }},
      {"empty pages",
       [&] {
         return "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>" +
                fresh() + "</NextContinuationToken></ListBucketResult>";
       }},
  };
  const auto sink = open();
  for (const auto& [name, page] : kinds) {
    store_.otherwise = [&page = page](const testing::SeenRequest& request) {
      const std::string& what = request.what;
      if (what.find("uploads") != std::string::npos)
        return net::ClientResponse{200, {}, kNoUploads};
      if (what.starts_with("POST")) return net::ClientResponse{200, {}, "<DeleteResult/>"};
      return net::ClientResponse{200, {}, page()};
    };
    for (const bool removal : {false, true}) {
      const size_t before = store_.requests().size();
      const auto code =
          removal ? sink->remove_job("job", {}).error().code() : sink->list_jobs({}).error().code();
      EXPECT_EQ(code, ErrorCode::kIo) << name;
      EXPECT_LE(store_.requests().size() - before, 110U) << name;
    }
  }
  store_.otherwise = [&](const testing::SeenRequest&) {
    return net::ClientResponse{200,
                               {},
                               "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
                               "<NextKeyMarker>own/job/1/a</NextKeyMarker>"
                               "<NextUploadIdMarker>" +
                                   fresh() +
                                   "</NextUploadIdMarker><Upload><Key>own/job/1/a</Key>"
                                   "<UploadId>u</UploadId></Upload></ListMultipartUploadsResult>"};
  };
  EXPECT_EQ(sink->remove_job("job", {}).error().code(), ErrorCode::kIo) << "uploads";
}

/// Keys that grow for ever are a list like any other, until there are too many: not in a hurry.
TEST_F(S3SinkTest, Issue_1_9_ALongListIsAskedForSlowly) {
  const auto sink = open();
  int number = 0;
  store_.otherwise = [&](const testing::SeenRequest&) {
    const std::string key = std::to_string(1'000'000 + ++number);
    return net::ClientResponse{200, {}, endless_page("own/job/1/" + key, key)};
  };
  store_.on_wait = [&](std::stop_token) { return store_.waits().size() < 50; };
  EXPECT_EQ(sink->list_jobs({}).error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(store_.waits().size(), 50U);
  EXPECT_LE(number, 150);
}

TEST_F(S3SinkTest, JobsAreThoseOfObjectsAndOfUnfinishedUploads) {
  const auto sink = open();
  store_.answer(200,
                "<ListBucketResult><CommonPrefixes><Prefix>own/b/</Prefix></CommonPrefixes>"
                "<Contents><Key>own/file</Key></Contents></ListBucketResult>");
  store_.answer(200,
                "<ListMultipartUploadsResult><Upload><Key>own/a/1/x</Key><UploadId>u</UploadId>"
                "</Upload></ListMultipartUploadsResult>");
  EXPECT_THAT(*sink->list_jobs({}), ElementsAre("a", "b"));
}

TEST_F(S3SinkTest, ASmallFileIsOnePutALargerOneGoesUpInParts) {
  options_.part_size = 5 * kMiB;
  const auto sink = open();
  store_.otherwise = [](const testing::SeenRequest& request) -> testing::ScriptedStore::Answer {
    net::Headers headers;
    headers.add("ETag", "\"t\"");
    if (request.what.starts_with("HEAD")) return net::ClientResponse{404, {}, ""};
    if (request.what.ends_with("?uploads=")) {
      return net::ClientResponse{200,
                                 {},
                                 "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                                 "</InitiateMultipartUploadResult>"};
    }
    if (request.what.starts_with("POST")) {
      return net::ClientResponse{200, {}, "<CompleteMultipartUploadResult/>"};
    }
    return net::ClientResponse{200, headers, ""};
  };
  auto writer = std::move(sink->create({"job", 1, "small"}, {})).value();
  EXPECT_TRUE(writer->write(std::string(5 * kMiB, 'x')).ok());
  EXPECT_EQ(writer->finish()->size, 5 * kMiB);
  EXPECT_THAT(seen(), ElementsAre("HEAD /own/job/1/small", "PUT /own/job/1/small"));

  writer = std::move(sink->create({"job", 1, "large"}, {})).value();
  EXPECT_TRUE(writer->write(std::string(11 * kMiB, 'x')).ok());
  EXPECT_EQ(writer->finish()->size, 11 * kMiB);
  size_t sizes[4] = {};
  for (const auto& request : store_.requests()) {
    const size_t at = request.what.find("partNumber=");
    if (at != std::string::npos) sizes[request.what[at + 11] - '0'] = request.body.size();
  }
  EXPECT_THAT(sizes, ElementsAre(0, 5 * kMiB, 5 * kMiB, 1 * kMiB));
  EXPECT_THAT(seen().back(), StartsWith("POST /own/job/1/large?uploadId=u"));
}

/// However fast the rows come, what waits for the store is bounded.
TEST_F(S3SinkTest, PartsOnTheirWayAreBounded) {
  options_.part_size = 5 * kMiB;
  options_.parallel_parts = 2;
  const auto sink = open();
  std::mutex mutex;
  std::condition_variable changed;
  int under_way = 0, most = 0;
  bool open_gate = false;
  store_.otherwise = [&](const testing::SeenRequest& request) -> testing::ScriptedStore::Answer {
    if (request.what.starts_with("HEAD")) return net::ClientResponse{404, {}, ""};
    if (request.what.ends_with("?uploads=")) {
      return net::ClientResponse{200,
                                 {},
                                 "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                                 "</InitiateMultipartUploadResult>"};
    }
    if (request.what.starts_with("POST")) {
      return net::ClientResponse{200, {}, "<CompleteMultipartUploadResult/>"};
    }
    std::unique_lock lock(mutex);
    most = std::max(most, ++under_way);
    changed.notify_all();
    changed.wait(lock, [&] { return open_gate; });
    --under_way;
    net::Headers headers;
    headers.add("ETag", "\"t\"");
    return net::ClientResponse{200, headers, ""};
  };
  auto writer = std::move(sink->create({"job", 1, "a"}, {})).value();
  std::atomic<size_t> written = 0;
  std::thread thread([&] {
    const std::string piece(kMiB, 'x');
    for (int i = 0; i < 40; ++i) {
      EXPECT_TRUE(writer->write(piece).ok());
      written += piece.size();
    }
    EXPECT_EQ(writer->finish()->size, 40 * kMiB);
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return under_way == 2; });
    lock.unlock();
    // A third one would come now, if it could.
    for (int i = 0; i < 100'000; ++i) std::this_thread::yield();
    lock.lock();
    EXPECT_LE(written, (2 + 1) * 5 * kMiB) << "two on their way, one in hand";
    open_gate = true;
    changed.notify_all();
  }
  thread.join();
  EXPECT_EQ(most, 2);
}

TEST_F(S3SinkTest, AnExceptionInAPartsThreadIsTheUploadsError) {
  options_.part_size = 5 * kMiB;
  options_.parallel_parts = 2;
  const auto sink = open();
  testing::MemoryStore objects;
  store_.otherwise = [&](const testing::SeenRequest& request) -> base::Result<net::ClientResponse> {
    if (request.what.find("partNumber=") != std::string::npos) throw std::bad_alloc();
    return objects.handle(request);
  };
  auto writer = std::move(sink->create({"job", 1, "a"}, {})).value();
  const std::string piece(kMiB, 'x');
  base::Status status;
  for (int i = 0; i < 40 && status.ok(); ++i) status = writer->write(piece);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), base::ErrorCode::kNoMemory);
}

/// As the job engine does it: stop, remove, wait for the worker, remove again. Run under
/// ThreadSanitizer.
TEST_F(S3SinkTest, ACancelDuringTheLastPartsUploadLeavesNothing) {
  options_.part_size = 5 * kMiB;
  testing::MemoryStore objects;
  const auto sink = open();
  std::atomic<int> last_part = 0;
  store_.otherwise = [&](const testing::SeenRequest& request) {
    if (request.what.find("partNumber=3") != std::string::npos) ++last_part;
    return objects.handle(request);
  };
  const std::string piece(kMiB, 'x');
  int completed = 0;
  for (int round = 0; round < 25; ++round) {
    std::stop_source stop;
    const std::string job = "job" + std::to_string(round);
    std::atomic<bool> finished = false;
    std::thread worker([&] {
      auto writer = std::move(sink->create({job, 1, "a"}, stop.get_token())).value();
      for (int i = 0; i < 11; ++i) (void)writer->write(piece).ok();
      finished = writer->finish().ok();
    });
    // Somewhere around the last part and the completion.
    const int before = last_part;
    while (last_part == before && !finished) std::this_thread::yield();
    for (int i = 0; i < round * 50; ++i) std::this_thread::yield();
    stop.request_stop();
    EXPECT_TRUE(sink->remove_job(job, {}).ok());
    worker.join();
    completed += finished ? 1 : 0;
    EXPECT_TRUE(sink->remove_job(job, {}).ok());
    EXPECT_TRUE(objects.keys().empty()) << objects.keys()[0];
  }
  RecordProperty("completed", completed);
}

TEST_F(S3SinkTest, PresignsForNoLongerThanAsked) {
  const auto plain = open();
  EXPECT_EQ(plain->presign({"job", 1, "a.csv"}, 60, "text/csv", "a.csv"), std::nullopt);
  options_.presign = true;
  const auto sink = open();
  const std::string url = *sink->presign({"job", 1, "a.csv"}, 60, "text/csv", "a.csv");
  EXPECT_THAT(url, StartsWith("http://store/bucket/own/job/1/a.csv?X-Amz-Algorithm="));
  EXPECT_THAT(url, HasSubstr("&X-Amz-Expires=60&"));
  EXPECT_THAT(url, HasSubstr("&response-content-disposition=attachment%3B%20filename%3D%22a.csv"));
  EXPECT_THAT(url, HasSubstr("&response-content-type=text%2Fcsv"));
  const std::string longest = *sink->presign({"job", 1, "a"}, 8 * 24 * 3600, "", "a\"b");
  EXPECT_THAT(longest, HasSubstr("&X-Amz-Expires=604800&")) << "the protocol's most";
  EXPECT_EQ(longest.find("disposition"), std::string::npos);
  EXPECT_EQ(sink->presign({"job", 1, "a"}, 0, "", ""), std::nullopt) << "expired";
}

}  // namespace
}  // namespace kiln::sink
