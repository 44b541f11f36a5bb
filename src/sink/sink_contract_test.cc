#include "sink/sink_contract_test.h"

#include <thread>
#include <vector>

#include "base/digest.h"

namespace kiln::sink::testing {
namespace {

using base::ErrorCode;
using Jobs = std::vector<std::string>;

const ObjectKey kKey{"job-1", 1, "patients.ndjson"};
constexpr std::string_view kText = "{\"id\":\"a\"}\n{\"id\":\"b\"}\n";

template <typename Outcome>
std::optional<ErrorCode> code_of(const Outcome& outcome) {
  if (outcome.ok()) return std::nullopt;
  return outcome.error().code();
}

std::unique_ptr<ObjectWriter> writer_of(ExportSink& sink, const ObjectKey& key,
                                        std::stop_token stop = {}) {
  auto writer = sink.create(key, std::move(stop));
  if (!writer.ok()) {
    ADD_FAILURE() << writer.error().to_string();
    return nullptr;
  }
  return std::move(writer).value();
}

}  // namespace

std::string patterned(size_t size) {
  std::string bytes(size, '\0');
  uint64_t state = 0x9E3779B97F4A7C15U;
  for (char& c : bytes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    c = static_cast<char>(state >> 56);
  }
  return bytes;
}

void store(ExportSink& sink, const ObjectKey& key, std::string_view bytes) {
  auto writer = writer_of(sink, key);
  ASSERT_NE(writer, nullptr);
  const auto written = writer->write(bytes);
  ASSERT_TRUE(written.ok()) << written.error().to_string();
  const auto stored = writer->finish();
  ASSERT_TRUE(stored.ok()) << stored.error().to_string();
}

base::Result<std::string> load(ExportSink& sink, const ObjectKey& key, uint64_t offset,
                               uint64_t length, size_t piece) {
  KILN_ASSIGN(const auto source, sink.open(key, offset, length));
  std::string all;
  std::string buffer(piece, '\0');
  for (;;) {
    KILN_ASSIGN(const size_t got, source->read(buffer.data(), buffer.size()));
    if (got == 0) return all;
    all.append(buffer, 0, got);
  }
}

std::optional<ErrorCode> load_error(ExportSink& sink, const ObjectKey& key, uint64_t offset,
                                    uint64_t length) {
  return code_of(load(sink, key, offset, length));
}

std::vector<std::string> jobs_of(ExportSink& sink) {
  auto jobs = sink.list_jobs({});
  if (jobs.ok()) return std::move(jobs).value();
  ADD_FAILURE() << jobs.error().to_string();
  return {};
}

void SinkContract::SetUp() {
  place_ = GetParam().make_place();
  ASSERT_NE(place_, nullptr);
  sink_ = place_->open("one");
  ASSERT_NE(sink_, nullptr);
}

TEST_P(SinkContract, NewPlaceIsEmpty) {
  EXPECT_EQ(jobs_of(*sink_), Jobs{});
  EXPECT_EQ(load_error(*sink_, kKey, 0, 0), ErrorCode::kNotFound);
  EXPECT_EQ(load_error(*sink_, kKey, 0, 10), ErrorCode::kNotFound);
}

TEST_P(SinkContract, FileIsReadAsWritten) {
  auto writer = writer_of(*sink_, kKey);
  ASSERT_NE(writer, nullptr);
  ASSERT_TRUE(writer->write(kText.substr(0, 7)).ok());
  ASSERT_TRUE(writer->write("").ok());
  ASSERT_TRUE(writer->write(kText.substr(7)).ok());
  const auto stored = writer->finish();
  ASSERT_TRUE(stored.ok()) << stored.error().to_string();
  EXPECT_EQ(stored->size, kText.size());
  EXPECT_EQ(stored->sha256, base::sha256_hex(kText));
  writer.reset();

  const auto read = load(*sink_, kKey, 0, kText.size());
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(*read, kText);
  EXPECT_EQ(jobs_of(*sink_), Jobs{"job-1"});
}

TEST_P(SinkContract, FileIsNotThereBeforeItIsFinished) {
  auto writer = writer_of(*sink_, kKey);
  ASSERT_NE(writer, nullptr);
  ASSERT_TRUE(writer->write(kText).ok());
  EXPECT_EQ(load_error(*sink_, kKey, 0, 1), ErrorCode::kNotFound);
  ASSERT_TRUE(writer->finish().ok());
  EXPECT_EQ(load_error(*sink_, kKey, 0, 1), std::nullopt);
}

TEST_P(SinkContract, EmptyFile) {
  auto writer = writer_of(*sink_, kKey);
  ASSERT_NE(writer, nullptr);
  const auto stored = writer->finish();
  ASSERT_TRUE(stored.ok()) << stored.error().to_string();
  EXPECT_EQ(stored->size, 0U);
  EXPECT_EQ(stored->sha256, base::sha256_hex(""));
  const auto read = load(*sink_, kKey, 0, 0);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(*read, "");
  EXPECT_EQ(jobs_of(*sink_), Jobs{"job-1"});
}

TEST_P(SinkContract, LargeFileAndItsRanges) {
  const std::string bytes = patterned(GetParam().large + 12'345);
  auto writer = writer_of(*sink_, kKey);
  ASSERT_NE(writer, nullptr);
  // Pieces that divide no part size.
  static constexpr size_t kPiece = 1'000'003;
  for (size_t at = 0; at < bytes.size(); at += kPiece) {
    ASSERT_TRUE(writer->write(std::string_view(bytes).substr(at, kPiece)).ok());
  }
  EXPECT_EQ(load_error(*sink_, kKey, 0, 1), ErrorCode::kNotFound);
  const auto stored = writer->finish();
  ASSERT_TRUE(stored.ok()) << stored.error().to_string();
  EXPECT_EQ(stored->size, bytes.size());
  EXPECT_EQ(stored->sha256, base::sha256_hex(bytes));

  const size_t size = bytes.size();
  const std::pair<size_t, size_t> ranges[] = {{0, size},     {1, size - 1}, {size / 2, size / 3},
                                              {size - 1, 1}, {size, 0},     {5, 0}};
  for (const auto& [offset, length] : ranges) {
    const auto read = load(*sink_, kKey, offset, length);
    ASSERT_TRUE(read.ok()) << offset << ' ' << length << ' ' << read.error().to_string();
    // Not EXPECT_EQ, which would print megabytes.
    EXPECT_TRUE(*read == bytes.substr(offset, length)) << offset << ' ' << length;
  }
}

TEST_P(SinkContract, RangesOfASmallFile) {
  store(*sink_, kKey, kText);
  for (uint64_t offset = 0; offset <= kText.size(); ++offset) {
    const uint64_t length = (kText.size() - offset) / 2;
    const auto read = load(*sink_, kKey, offset, length, 3);
    ASSERT_TRUE(read.ok()) << offset << ' ' << read.error().to_string();
    EXPECT_EQ(*read, kText.substr(offset, length));
  }
}

TEST_P(SinkContract, RangeBeyondTheEndIsAConflict) {
  store(*sink_, kKey, kText);
  EXPECT_EQ(load_error(*sink_, kKey, 0, kText.size() + 1), ErrorCode::kConflict);
  EXPECT_EQ(load_error(*sink_, kKey, kText.size(), 1), ErrorCode::kConflict);
  EXPECT_EQ(load_error(*sink_, kKey, kText.size() + 7, 1), ErrorCode::kConflict);
}

TEST_P(SinkContract, SeveralReadersAtOnce) {
  store(*sink_, kKey, kText);
  auto first = sink_->open(kKey, 0, kText.size());
  auto second = sink_->open(kKey, 2, 2);
  ASSERT_TRUE(first.ok() && second.ok());
  char buffer[64];
  ASSERT_TRUE((*first)->read(buffer, 1).ok());
  ASSERT_EQ(*(*second)->read(buffer, sizeof buffer), 2U);
  EXPECT_EQ(std::string_view(buffer, 2), kText.substr(2, 2));
  ASSERT_TRUE((*first)->read(buffer, 1).ok());
  EXPECT_EQ(buffer[0], kText[1]);
}

/// A store may still be busy with parts whose connection was cut, refuse to end their upload, or
/// have one arrive after its end: whoever removes comes again, as the janitor does.
void remove_what_comes(ExportSink& sink, const std::string& job) {
  static constexpr int kMost = 100;
  for (int i = 0; i < kMost; ++i) {
    ASSERT_TRUE(sink.remove_job(job, {}).ok());
    if (jobs_of(sink).empty()) return;
  }
  ADD_FAILURE() << "something of " << job << " stays";
}

TEST_P(SinkContract, AbandonedFileLeavesNothing) {
  {
    auto writer = writer_of(*sink_, kKey);
    ASSERT_NE(writer, nullptr);
    ASSERT_TRUE(writer->write(kText).ok());
  }
  EXPECT_EQ(load_error(*sink_, kKey, 0, 1), ErrorCode::kNotFound);
  EXPECT_EQ(jobs_of(*sink_), Jobs{});
  store(*sink_, kKey, kText);
}

TEST_P(SinkContract, AbandonedLargeFileLeavesNothingOnceItsJobIsRemoved) {
  {
    auto writer = writer_of(*sink_, kKey);
    ASSERT_NE(writer, nullptr);
    ASSERT_TRUE(writer->write(patterned(GetParam().large)).ok());
  }
  EXPECT_EQ(load_error(*sink_, kKey, 0, 1), ErrorCode::kNotFound);
  remove_what_comes(*sink_, "job-1");
}

TEST_P(SinkContract, AbandonedFileLeavesItsNeighboursAlone) {
  store(*sink_, kKey, kText);
  writer_of(*sink_, {"job-1", 1, "second"}).reset();
  EXPECT_EQ(load_error(*sink_, kKey, 0, kText.size()), std::nullopt);
}

TEST_P(SinkContract, FinishedWriterTakesNoMore) {
  auto writer = writer_of(*sink_, kKey);
  ASSERT_NE(writer, nullptr);
  ASSERT_TRUE(writer->write(kText).ok());
  ASSERT_TRUE(writer->finish().ok());
  EXPECT_EQ(code_of(writer->write("more")), ErrorCode::kInternal);
  EXPECT_EQ(code_of(writer->finish()), ErrorCode::kInternal);
  writer.reset();
  EXPECT_EQ(load_error(*sink_, kKey, 0, kText.size()), std::nullopt);
}

TEST_P(SinkContract, ExistingFileIsNotOverwritten) {
  store(*sink_, kKey, kText);
  EXPECT_EQ(code_of(sink_->create(kKey, {})), ErrorCode::kConflict);
  const auto read = load(*sink_, kKey, 0, kText.size());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, kText);
}

TEST_P(SinkContract, NamesThatAreNotSafeAreRefused) {
  store(*sink_, kKey, kText);
  const std::string long_name(201, 'n');
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a/b"),
        std::string("../one"), std::string(".hidden"), std::string("a b"), std::string("a\0b", 3),
        std::string("\xC3\xA4"), std::string("a%2Fb"), std::string("a?b"), long_name}) {
    EXPECT_FALSE(is_safe_name(bad));
    EXPECT_EQ(code_of(sink_->create({bad, 1, "n"}, {})), ErrorCode::kInternal) << bad;
    EXPECT_EQ(code_of(sink_->create({"j", 1, bad}, {})), ErrorCode::kInternal) << bad;
    EXPECT_EQ(load_error(*sink_, {bad, 1, "n"}, 0, 0), ErrorCode::kInternal) << bad;
    EXPECT_EQ(load_error(*sink_, {"j", 1, bad}, 0, 0), ErrorCode::kInternal) << bad;
    EXPECT_EQ(code_of(sink_->remove_job(bad, {})), ErrorCode::kInternal) << bad;
    EXPECT_EQ(code_of(sink_->remove_attempts_before(bad, 2, {})), ErrorCode::kInternal) << bad;
  }
  EXPECT_EQ(jobs_of(*sink_), Jobs{"job-1"});
}

TEST_P(SinkContract, AllSafeNamesWork) {
  const std::string longest(200, 'n');
  const ObjectKey keys[] = {
      {"A-z_0.9", 1, "x.part1.csv.gz"}, {"job", 4'294'967'295U, "-_."}, {longest, 1, longest}};
  for (const ObjectKey& key : keys) {
    store(*sink_, key, key.name);
    const auto read = load(*sink_, key, 0, key.name.size());
    ASSERT_TRUE(read.ok()) << read.error().to_string();
    EXPECT_EQ(*read, key.name);
  }
  EXPECT_EQ(jobs_of(*sink_), (Jobs{"A-z_0.9", "job", longest}));
}

TEST_P(SinkContract, KeysDifferInEveryMember) {
  const ObjectKey keys[] = {
      {"j", 1, "n"}, {"j", 2, "n"}, {"j", 12, "n"}, {"j1", 1, "n"}, {"j", 1, "n2"}};
  int number = 0;
  for (const ObjectKey& key : keys) store(*sink_, key, "text " + std::to_string(number++));
  number = 0;
  for (const ObjectKey& key : keys) {
    const auto read = load(*sink_, key, 0, 6);
    ASSERT_TRUE(read.ok()) << read.error().to_string();
    EXPECT_EQ(*read, "text " + std::to_string(number++));
  }
}

TEST_P(SinkContract, RemovesAllAttemptsOfAJob) {
  store(*sink_, kKey, kText);
  store(*sink_, {"job-1", 1, "second"}, kText);
  store(*sink_, {"job-1", 2, "third"}, kText);
  store(*sink_, {"job-1", 4'294'967'295U, "last"}, kText);
  // Names that begin with the job's.
  store(*sink_, {"job-10", 1, "other"}, kText);
  store(*sink_, {"job", 1, "other"}, kText);
  ASSERT_TRUE(sink_->remove_job("job-1", {}).ok());
  EXPECT_EQ(load_error(*sink_, kKey, 0, 1), ErrorCode::kNotFound);
  EXPECT_EQ(load_error(*sink_, {"job-1", 4'294'967'295U, "last"}, 0, 1), ErrorCode::kNotFound);
  EXPECT_EQ(jobs_of(*sink_), (Jobs{"job", "job-10"}));
  EXPECT_EQ(load_error(*sink_, {"job-10", 1, "other"}, 0, 1), std::nullopt);
}

TEST_P(SinkContract, RemovalCanBeRepeated) {
  store(*sink_, kKey, kText);
  EXPECT_TRUE(sink_->remove_job("job-1", {}).ok());
  EXPECT_TRUE(sink_->remove_job("job-1", {}).ok());
  EXPECT_TRUE(sink_->remove_job("never-was", {}).ok());
  EXPECT_TRUE(sink_->remove_attempts_before("never-was", 3, {}).ok());
  store(*sink_, kKey, kText);
  EXPECT_EQ(jobs_of(*sink_), Jobs{"job-1"});
}

TEST_P(SinkContract, RemovesAttemptsBeforeOne) {
  for (const uint32_t attempt : {1U, 2U, 9U, 10U, 11U}) {
    store(*sink_, {"job-1", attempt, "file"}, kText);
  }
  store(*sink_, {"job-2", 1, "file"}, kText);
  ASSERT_TRUE(sink_->remove_attempts_before("job-1", 10, {}).ok());
  for (const uint32_t gone : {1U, 2U, 9U}) {
    EXPECT_EQ(load_error(*sink_, {"job-1", gone, "file"}, 0, 1), ErrorCode::kNotFound) << gone;
  }
  for (const uint32_t kept : {10U, 11U}) {
    EXPECT_EQ(load_error(*sink_, {"job-1", kept, "file"}, 0, 1), std::nullopt) << kept;
  }
  EXPECT_EQ(load_error(*sink_, {"job-2", 1, "file"}, 0, 1), std::nullopt);
  ASSERT_TRUE(sink_->remove_attempts_before("job-1", 10, {}).ok());
  ASSERT_TRUE(sink_->remove_attempts_before("job-2", 2, {}).ok());
  EXPECT_EQ(jobs_of(*sink_), Jobs{"job-1"});
}

// A worker that comes late: its file is gone with the second removal, after the worker's end.
TEST_P(SinkContract, UnfinishedFilesGoWithTheirJob) {
  auto small = writer_of(*sink_, {"job-1", 1, "small"});
  auto large = writer_of(*sink_, {"job-1", 2, "large"});
  auto waits = writer_of(*sink_, {"job-1", 2, "waits"});
  ASSERT_TRUE(small && large && waits);
  ASSERT_TRUE(small->write(kText).ok());
  ASSERT_TRUE(large->write(patterned(GetParam().large)).ok());
  ASSERT_TRUE(sink_->remove_job("job-1", {}).ok());
  (void)small->finish();
  (void)large->finish();
  waits.reset();
  small.reset();
  large.reset();
  remove_what_comes(*sink_, "job-1");
}

TEST_P(SinkContract, ReaderDuringRemovalEndsOrFails) {
  const std::string bytes = patterned(GetParam().large);
  store(*sink_, kKey, bytes);
  auto source = sink_->open(kKey, 0, bytes.size());
  ASSERT_TRUE(source.ok()) << source.error().to_string();
  std::string all;
  std::string buffer(4096, '\0');
  for (;;) {
    const auto got = (*source)->read(buffer.data(), buffer.size());
    if (all.empty()) {
      ASSERT_TRUE(sink_->remove_job("job-1", {}).ok());
    }
    if (!got.ok()) {
      EXPECT_EQ(got.error().code(), ErrorCode::kNotFound);
      EXPECT_TRUE(bytes.starts_with(all));
      break;
    }
    if (*got == 0) {
      EXPECT_TRUE(all == bytes) << "a short file that looks whole";
      break;
    }
    all.append(buffer, 0, *got);
  }
  EXPECT_EQ(load_error(*sink_, kKey, 0, 1), ErrorCode::kNotFound);
}

TEST_P(SinkContract, InstancesOfOnePlaceDoNotMeet) {
  const auto other = place_->open("two");
  const auto longer = place_->open("one1");
  ASSERT_TRUE(other && longer);
  store(*sink_, {"mine", 1, "file"}, "of one");
  store(*other, {"theirs", 1, "file"}, "of two");
  store(*other, {"mine", 1, "file"}, "of two");
  EXPECT_EQ(jobs_of(*sink_), Jobs{"mine"});
  EXPECT_EQ(jobs_of(*other), (Jobs{"mine", "theirs"}));
  EXPECT_EQ(jobs_of(*longer), Jobs{});
  ASSERT_TRUE(sink_->remove_job("theirs", {}).ok());
  ASSERT_TRUE(sink_->remove_job("mine", {}).ok());
  ASSERT_TRUE(longer->remove_job("mine", {}).ok());
  const auto read = load(*other, {"mine", 1, "file"}, 0, 6);
  ASSERT_TRUE(read.ok()) << read.error().to_string();
  EXPECT_EQ(*read, "of two");
  EXPECT_EQ(jobs_of(*other), (Jobs{"mine", "theirs"}));
}

TEST_P(SinkContract, DurableFilesAreThereForTheNextSink) {
  store(*sink_, kKey, kText);
  const bool durable = sink_->durable();
  sink_.reset();
  sink_ = place_->open("one");
  ASSERT_NE(sink_, nullptr);
  EXPECT_EQ(jobs_of(*sink_), durable ? Jobs{"job-1"} : Jobs{});
  EXPECT_EQ(load_error(*sink_, kKey, 0, kText.size()),
            durable ? std::nullopt : std::optional(ErrorCode::kNotFound));
}

TEST_P(SinkContract, StopEndsAWriterAndItsFile) {
  std::stop_source stop;
  auto writer = writer_of(*sink_, kKey, stop.get_token());
  ASSERT_NE(writer, nullptr);
  ASSERT_TRUE(writer->write(kText).ok());
  stop.request_stop();
  EXPECT_EQ(code_of(writer->write(kText)), ErrorCode::kCancelled);
  EXPECT_FALSE(writer->finish().ok()) << "a part of the file became a file";
  writer.reset();
  EXPECT_EQ(load_error(*sink_, kKey, 0, 1), ErrorCode::kNotFound);
  EXPECT_EQ(jobs_of(*sink_), Jobs{});
}

TEST_P(SinkContract, StopDuringALargeFileLeavesNothing) {
  std::stop_source stop;
  auto writer = writer_of(*sink_, kKey, stop.get_token());
  ASSERT_NE(writer, nullptr);
  ASSERT_TRUE(writer->write(patterned(GetParam().large)).ok());
  stop.request_stop();
  EXPECT_EQ(code_of(writer->write(kText)), ErrorCode::kCancelled);
  writer.reset();
  remove_what_comes(*sink_, "job-1");
}

TEST_P(SinkContract, ManyThreadsWriteReadAndRemove) {
  static constexpr int kThreads = 4;
  static constexpr int kRounds = 5;
  std::vector<std::thread> threads;
  std::vector<std::string> wrong(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &wrong] {
      // Two threads share a job; each has its own files.
      const std::string job = "job-" + std::to_string(t / 2);
      for (int round = 0; round < kRounds; ++round) {
        const ObjectKey key{job, static_cast<uint32_t>(round + 1), "file" + std::to_string(t)};
        const std::string text = job + "/" + key.name + "/" + std::to_string(round);
        auto writer = sink_->create(key, {});
        if (!writer.ok()) {
          wrong[static_cast<size_t>(t)] = writer.error().to_string();
          return;
        }
        const auto written = (*writer)->write(text);
        const auto stored = (*writer)->finish();
        const auto read = load(*sink_, key, 0, text.size());
        if (!written.ok() || !stored.ok() || !read.ok() || *read != text) {
          wrong[static_cast<size_t>(t)] = "file of round " + std::to_string(round);
        }
        sink_->create({job, 99, "gone" + std::to_string(t)}, {}).ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : wrong) EXPECT_EQ(one, "");
  EXPECT_EQ(jobs_of(*sink_), (Jobs{"job-0", "job-1"}));
  threads.clear();
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t, &wrong] {
      const auto removed = sink_->remove_job("job-" + std::to_string(t / 2), {});
      if (!removed.ok()) wrong[static_cast<size_t>(t)] = removed.error().to_string();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : wrong) EXPECT_EQ(one, "");
  EXPECT_EQ(jobs_of(*sink_), Jobs{});
}

std::string lease_of(ExportSink& sink) {
  auto lease = sink.lease({});
  if (lease.ok()) return std::move(lease).value();
  ADD_FAILURE() << lease.error().to_string();
  return "";
}

TEST_P(SinkContract, Issue_1_11_TheLeaseIsWhatWasPutThereLast) {
  EXPECT_EQ(lease_of(*sink_), "");
  store(*sink_, kKey, kText);
  for (const char* text : {"b", "c", "a", "a"}) {
    ASSERT_TRUE(sink_->put_lease(text, {}).ok());
    EXPECT_EQ(lease_of(*sink_), text);
  }
  EXPECT_EQ(jobs_of(*sink_), Jobs{"job-1"});
  ASSERT_TRUE(sink_->remove_job("job-1", {}).ok());
  EXPECT_EQ(jobs_of(*sink_), Jobs{});
  EXPECT_EQ(lease_of(*sink_), "a") << "it is no output";
  for (const char* text : {"", "a/b", "..", ".a"}) {
    EXPECT_EQ(code_of(sink_->put_lease(text, {})), ErrorCode::kInternal) << text;
  }
}

TEST_P(SinkContract, Issue_1_11_TheLeaseIsAnInstances) {
  if (!sink_->durable()) GTEST_SKIP() << "nobody else sees it";
  ASSERT_TRUE(sink_->put_lease("mine", {}).ok());
  const auto same = place_->open("one");
  const auto other = place_->open("two");
  EXPECT_EQ(lease_of(*same), "mine");
  EXPECT_EQ(lease_of(*other), "");
  ASSERT_TRUE(same->put_lease("yours", {}).ok());
  EXPECT_EQ(lease_of(*sink_), "yours") << "seen by who had it";
}

TEST_P(SinkContract, Issue_1_10_OtherInstancesAreNamed) {
  const auto others_of = [](ExportSink& sink) {
    auto others = sink.other_instances({});
    EXPECT_TRUE(others.ok());
    return others.ok() ? std::move(others).value() : Jobs{};
  };
  EXPECT_EQ(others_of(*sink_), Jobs{});
  if (!sink_->durable()) return;
  const auto two = place_->open("two");
  const auto three = place_->open("three");
  for (ExportSink* const sink : {sink_.get(), two.get(), three.get()}) store(*sink, kKey, kText);
  EXPECT_EQ(others_of(*sink_), (Jobs{"three", "two"}));
  EXPECT_EQ(others_of(*two), (Jobs{"one", "three"}));
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(SinkContract);

}  // namespace kiln::sink::testing
