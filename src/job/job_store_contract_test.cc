#include "job/job_store_contract_test.h"

#include <cstdint>

#include <gmock/gmock.h>

#include "job/testing/must.h"

namespace kiln::job {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

const std::vector<OutputFile> kTwoFiles = {{"b", "b.csv", 7, 70, "beef", "text/csv"},
                                           {"a", "a.part1.csv", 0, 3, "cafe", "text/csv"}};

}  // namespace

Job make_job(const std::string& id, int64_t created, const std::string& client) {
  Job job;
  job.id = {id};
  job.submission = {client, "", "", "", "format of " + id};
  job.created = at(created);
  return job;
}

void put(JobStore& store, const std::string& id, JobState state) {
  must(store.add(make_job(id), {}));
  if (state == JobState::kAccepted) return;
  if (state == JobState::kCancelled) {
    EXPECT_TRUE(must(store.cancel({id}, at(20), at(100))));
    return;
  }
  EXPECT_EQ(must(store.start({id}, kLease, at(10))), 1U);
  if (state == JobState::kCompleted) {
    EXPECT_TRUE(must(store.complete({id}, 1, kTwoFiles, at(20), at(100))));
  } else if (state == JobState::kFailed) {
    EXPECT_TRUE(must(store.fail({id}, 1, {FailureCode::kUnprocessable, "bad data", "view[0]"},
                                at(20), at(100))));
  }
}

Job record_of(JobStore& store, const std::string& id) {
  const auto job = must(store.find({id}));
  EXPECT_TRUE(job.has_value()) << id;
  return job.value_or(Job());
}

std::vector<Debt> debts_of(JobStore& store, int64_t now) {
  return must(store.due_debts(at(now), at(now + 300'000), 100));
}

void JobStoreContract::SetUp() {
  place_ = GetParam().make_place();
  reopen();
}

void JobStoreContract::reopen() {
  store_.reset();
  store_ = place_->open();
  ASSERT_NE(store_, nullptr);
}

TEST_P(JobStoreContract, KeepsWhatWasAskedFor) {
  Job job = make_job("a", 5);
  job.submission = {"10.0.0.1", "track", "key", "hash", "csv"};
  must(store_->add(job, {"{\"request\":\"\xC3\xA9\"}", "inputs"}));
  reopen();
  const Job kept = found("a");
  EXPECT_EQ(kept.id.text, "a");
  EXPECT_EQ(kept.state, JobState::kAccepted);
  EXPECT_EQ(kept.submission.client, "10.0.0.1");
  EXPECT_EQ(kept.submission.tracking_id, "track");
  EXPECT_EQ(kept.submission.idempotency_key, "key");
  EXPECT_EQ(kept.submission.request_hash, "hash");
  EXPECT_EQ(kept.submission.format, "csv");
  EXPECT_EQ(must(store_->spec_of({"a"}))->request, "{\"request\":\"\xC3\xA9\"}");
  EXPECT_EQ(must(store_->spec_of({"a"}))->inputs, "inputs");
  EXPECT_EQ(kept.created, at(5));
  EXPECT_EQ(kept.attempt, 0U);
  EXPECT_EQ(kept.crashes, 0U);
  EXPECT_FALSE(kept.started || kept.finished || kept.expires);
  EXPECT_EQ(must(store_->find({"b"})), std::nullopt);
  EXPECT_FALSE(store_->add(job, {}).ok()) << "the same id twice";
  EXPECT_EQ(must(store_->spec_of({"b"})), std::nullopt);
}

TEST_P(JobStoreContract, StartsOnlyWhatIsAccepted) {
  put(*store_, "a", JobState::kAccepted);
  EXPECT_EQ(must(store_->start({"a"}, kLease, at(10))), 1U);
  EXPECT_EQ(must(store_->start({"a"}, kLease, at(11))), std::nullopt);
  reopen();
  EXPECT_EQ(found("a").state, JobState::kInProgress);
  EXPECT_EQ(found("a").attempt, 1U);
  EXPECT_EQ(found("a").started, at(10));
  for (const JobState final : {JobState::kCompleted, JobState::kFailed, JobState::kCancelled}) {
    const std::string id(name_of(final));
    put(*store_, id, final);
    EXPECT_EQ(must(store_->start({id}, kLease, at(30))), std::nullopt) << id;
    EXPECT_EQ(state(id), final);
  }
  EXPECT_EQ(must(store_->start({"unknown"}, kLease, at(30))), std::nullopt);
}

TEST_P(JobStoreContract, CompletesWithFilesInTheirOrder) {
  put(*store_, "a", JobState::kCompleted);
  reopen();
  const Job job = found("a");
  EXPECT_EQ(job.state, JobState::kCompleted);
  EXPECT_EQ(job.finished, at(20));
  EXPECT_EQ(job.expires, at(100));
  EXPECT_EQ(job.rows, 7U);
  EXPECT_EQ(job.size, 73U);
  ASSERT_EQ(job.files.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(job.files[i].output, kTwoFiles[i].output);
    EXPECT_EQ(job.files[i].name, kTwoFiles[i].name);
    EXPECT_EQ(job.files[i].rows, kTwoFiles[i].rows);
    EXPECT_EQ(job.files[i].size, kTwoFiles[i].size);
    EXPECT_EQ(job.files[i].sha256, kTwoFiles[i].sha256);
    EXPECT_EQ(job.files[i].media_type, kTwoFiles[i].media_type);
  }
  EXPECT_THAT(debts(), IsEmpty());
}

TEST_P(JobStoreContract, FailsWithItsReasonAndADebt) {
  put(*store_, "a", JobState::kFailed);
  reopen();
  const Job job = found("a");
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.failure, (Failure{FailureCode::kUnprocessable, "bad data", "view[0]"}));
  EXPECT_EQ(job.finished, at(20));
  EXPECT_EQ(job.expires, at(100));
  ASSERT_EQ(debts().size(), 1U);
  EXPECT_EQ(debts()[0].job.text, "a");
  EXPECT_EQ(debts()[0].before_attempt, 0U);
  EXPECT_EQ(debts()[0].due, at(20));
}

TEST_P(JobStoreContract, KeepsEveryReason) {
  for (const FailureCode code : kFailureCodes) {
    const std::string id(name_of(code));
    put(*store_, id, JobState::kInProgress);
    EXPECT_TRUE(must(store_->fail({id}, 1, {code, "text", ""}, at(20), at(100))));
    EXPECT_EQ(found(id).failure, (Failure{code, "text", ""}));
  }
}

TEST_P(JobStoreContract, CancelsWhatIsNotFinished) {
  for (const JobState before : {JobState::kAccepted, JobState::kInProgress}) {
    const std::string id(name_of(before));
    put(*store_, id, before);
    EXPECT_TRUE(must(store_->cancel({id}, at(20), at(100))));
    EXPECT_FALSE(must(store_->cancel({id}, at(21), at(101)))) << "a second time";
    const Job job = found(id);
    EXPECT_EQ(job.state, JobState::kCancelled);
    EXPECT_EQ(job.finished, at(20));
    EXPECT_EQ(job.expires, at(100));
  }
  ASSERT_EQ(debts().size(), 2U);
  EXPECT_EQ(debts()[0].before_attempt, 0U);
  EXPECT_FALSE(must(store_->cancel({"unknown"}, at(20), at(100))));
}

TEST_P(JobStoreContract, AFinishedStateNeverChanges) {
  for (const JobState final : {JobState::kCompleted, JobState::kFailed, JobState::kCancelled}) {
    const std::string id(name_of(final));
    put(*store_, id, final);
    const size_t owed = debts().size();
    EXPECT_FALSE(must(store_->complete({id}, found(id).attempt, {}, at(50), at(500))));
    EXPECT_FALSE(must(
        store_->fail({id}, found(id).attempt, {FailureCode::kFault, "late", ""}, at(50), at(500))));
    EXPECT_FALSE(must(store_->cancel({id}, at(50), at(500))));
    EXPECT_FALSE(must(store_->requeue({id}, found(id).attempt, true, at(50))));
    const Job job = found(id);
    EXPECT_EQ(job.state, final);
    EXPECT_EQ(job.finished, at(20));
    EXPECT_EQ(job.expires, at(100));
    EXPECT_EQ(job.files.size(), final == JobState::kCompleted ? 2U : 0U);
    EXPECT_EQ(job.failure.text, final == JobState::kFailed ? "bad data" : "");
    EXPECT_EQ(debts().size(), owed);
  }
}

TEST_P(JobStoreContract, WhatAJobIsToDoGoesWithItsEnd) {
  for (const JobState state : {JobState::kAccepted, JobState::kInProgress, JobState::kCompleted,
                               JobState::kFailed, JobState::kCancelled}) {
    const std::string id(name_of(state));
    put(*store_, id, state);
    EXPECT_EQ(must(store_->spec_of({id})).has_value(), !is_final(state)) << id;
  }
}

TEST_P(JobStoreContract, AnAttemptSpeaksOnlyForItself) {
  put(*store_, "a", JobState::kInProgress);
  EXPECT_TRUE(must(store_->requeue({"a"}, 1, true, at(20))));
  EXPECT_FALSE(must(store_->complete({"a"}, 1, kTwoFiles, at(30), at(100)))) << "it is accepted";
  EXPECT_FALSE(must(store_->fail({"a"}, 1, {FailureCode::kFault, "", ""}, at(30), at(100))))
      << "it is accepted";
  EXPECT_EQ(must(store_->start({"a"}, kLease, at(40))), 2U);
  EXPECT_FALSE(must(store_->complete({"a"}, 1, kTwoFiles, at(50), at(100))));
  EXPECT_FALSE(must(store_->fail({"a"}, 1, {FailureCode::kFault, "", ""}, at(50), at(100))));
  EXPECT_FALSE(must(store_->requeue({"a"}, 1, true, at(50))));
  EXPECT_EQ(found("a").state, JobState::kInProgress);
  EXPECT_EQ(found("a").crashes, 1U);
  EXPECT_TRUE(must(store_->complete({"a"}, 2, {}, at(60), at(100))));
  EXPECT_THAT(found("a").files, IsEmpty());
}

TEST_P(JobStoreContract, AnAttemptHasAnOwnerForAWhile) {
  put(*store_, "a", JobState::kAccepted);
  EXPECT_EQ(found("a").lease, AttemptLease());
  EXPECT_EQ(must(store_->start({"a"}, {"first", at(70)}, at(10))), 1U);
  reopen();
  EXPECT_EQ(found("a").lease, (AttemptLease{"first", at(70)}));
  EXPECT_THAT(must(store_->renew({"other", at(999)})), IsEmpty());
  EXPECT_EQ(found("a").lease, (AttemptLease{"first", at(70)}));
  EXPECT_THAT(must(store_->renew({"first", at(90)})), ElementsAre(JobId{"a"}));
  EXPECT_EQ(found("a").lease, (AttemptLease{"first", at(90)}));

  must(store_->take_over({"second", at(150)}, at(89)));
  EXPECT_EQ(found("a").lease, (AttemptLease{"first", at(90)})) << "it has not ended";
  must(store_->take_over({"first", at(60)}, at(90)));
  EXPECT_EQ(found("a").lease, (AttemptLease{"first", at(90)})) << "its own";
  must(store_->take_over({"second", at(150)}, at(90)));
  EXPECT_EQ(found("a").lease, (AttemptLease{"second", at(150)}));
  EXPECT_EQ(found("a").attempt, 1U);
  EXPECT_THAT(must(store_->renew({"first", at(999)})), IsEmpty());
  must(store_->take_over({"third", at(200)}, base::WallTime::max()));
  EXPECT_EQ(found("a").lease.owner, "third") << "whatever time it has";
}

TEST_P(JobStoreContract, OnlyWhatIsInProgressIsLeased) {
  for (const JobState state : {JobState::kAccepted, JobState::kInProgress, JobState::kCompleted,
                               JobState::kFailed, JobState::kCancelled}) {
    const std::string id(name_of(state));
    put(*store_, id, state);
    EXPECT_EQ(found(id).lease, state == JobState::kInProgress ? kLease : AttemptLease()) << id;
  }
  EXPECT_THAT(must(store_->renew({kLease.owner, at(200)})), ElementsAre(JobId{"in-progress"}));
  must(store_->take_over({"second", at(300)}, base::WallTime::max()));
  EXPECT_THAT(must(store_->renew({"second", at(300)})), ElementsAre(JobId{"in-progress"}));
  EXPECT_TRUE(must(store_->requeue({"in-progress"}, 1, false, at(20))));
  EXPECT_THAT(must(store_->renew({"second", at(300)})), IsEmpty());
}

TEST_P(JobStoreContract, RequeueOwesTheAttemptsSoFar) {
  put(*store_, "a", JobState::kInProgress);
  EXPECT_TRUE(must(store_->requeue({"a"}, 1, false, at(20))));
  EXPECT_EQ(found("a").crashes, 0U) << "a shutdown is no crash";
  EXPECT_EQ(found("a").started, std::nullopt);
  EXPECT_EQ(must(store_->start({"a"}, kLease, at(30))), 2U);
  EXPECT_TRUE(must(store_->requeue({"a"}, 2, true, at(40))));
  EXPECT_EQ(found("a").crashes, 1U);
  ASSERT_EQ(debts().size(), 2U);
  EXPECT_EQ(debts()[0].before_attempt, 2U);
  EXPECT_EQ(debts()[1].before_attempt, 3U);
}

TEST_P(JobStoreContract, ListsByStateAndByClient) {
  must(store_->add(make_job("a", 3, "x"), {}));
  must(store_->add(make_job("b", 1, "y"), {}));
  must(store_->add(make_job("c", 2, "x"), {}));
  EXPECT_THAT(must(store_->in_state(JobState::kAccepted)),
              ElementsAre(Pair(JobId{"b"}, "y"), Pair(JobId{"c"}, "x"), Pair(JobId{"a"}, "x")));
  std::vector<std::string> of_x;
  for (const Job& job : must(store_->jobs_of("x", {}, 10, kAllStates))) of_x.push_back(job.id.text);
  EXPECT_THAT(of_x, ElementsAre("a", "c"));
  EXPECT_EQ(must(store_->jobs_of("x", {}, 1, kAllStates)).size(), 1U);
  const auto behind = must(store_->jobs_of("x", JobPlace{at(3), {"a"}}, 10, kAllStates));
  ASSERT_EQ(behind.size(), 1U);
  EXPECT_EQ(behind.front().id.text, "c");
  EXPECT_EQ(must(store_->count(JobState::kAccepted)), 3U);
  EXPECT_EQ(must(store_->count(JobState::kCompleted)), 0U);
  must(store_->cancel({"a"}, at(9), at(10)));
  EXPECT_EQ(must(store_->jobs_of("x", {}, 1, kAllStates)).front().id.text, "c");
}

TEST_P(JobStoreContract, AnIdempotencyKeyIsOneClientsOwn) {
  Job job = make_job("a");
  job.submission.idempotency_key = "key";
  must(store_->add(job, {}));
  EXPECT_EQ(must(store_->find_idempotent("client", "key")), JobId{"a"});
  EXPECT_EQ(must(store_->find_idempotent("other", "key")), std::nullopt);
  EXPECT_EQ(must(store_->find_idempotent("client", "")), std::nullopt);
  job.id = {"b"};
  EXPECT_FALSE(store_->add(job, {}).ok()) << "the key is taken";
  job.submission.client = "other";
  must(store_->add(job, {}));
  EXPECT_EQ(must(store_->find_idempotent("other", "key")), JobId{"b"});
  must(store_->add(make_job("c"), {}));
  must(store_->add(make_job("d"), {}));  // no key is no key twice
}

TEST_P(JobStoreContract, ExpiresAtItsTimeAndNotBefore) {
  put(*store_, "completed", JobState::kCompleted);
  put(*store_, "failed", JobState::kFailed);
  put(*store_, "cancelled", JobState::kCancelled);
  put(*store_, "running", JobState::kInProgress);
  put(*store_, "waiting", JobState::kAccepted);
  for (const Debt& debt : debts()) must(store_->pay_debt(debt));
  EXPECT_EQ(must(store_->expire(at(99), SIZE_MAX)), 0U);
  EXPECT_EQ(state("completed"), JobState::kCompleted);
  EXPECT_THAT(debts(), IsEmpty());

  EXPECT_EQ(must(store_->expire(at(100), SIZE_MAX)), 3U);
  for (const char* id : {"completed", "failed", "cancelled"}) {
    EXPECT_EQ(must(store_->find({id})), std::nullopt) << id;
  }
  EXPECT_EQ(state("running"), JobState::kInProgress);
  EXPECT_EQ(state("waiting"), JobState::kAccepted);
  EXPECT_EQ(debts().size(), 3U);
  EXPECT_EQ(must(store_->expire(at(100), SIZE_MAX)), 0U);

  put(*store_, "completed", JobState::kInProgress);
  EXPECT_TRUE(must(store_->complete({"completed"}, 1, {}, at(200), at(300))));
  EXPECT_THAT(found("completed").files, IsEmpty()) << "its files have gone with it";
}

TEST_P(JobStoreContract, ExpiryOwesAgainWhatWasOwed) {
  put(*store_, "a", JobState::kFailed);
  const Debt before = debts()[0];
  must(store_->postpone_debt(before, at(400'000), "down"));
  EXPECT_EQ(must(store_->expire(at(100), SIZE_MAX)), 1U);
  ASSERT_EQ(debts().size(), 1U);
  EXPECT_EQ(debts()[0].due, at(100));
  EXPECT_EQ(debts()[0].tries, 0U);
  must(store_->pay_debt(before));
  EXPECT_EQ(debts().size(), 1U) << "this one is newer";
}

TEST_P(JobStoreContract, FinishedJobsCanBeMadeToExpire) {
  put(*store_, "waiting", JobState::kAccepted);
  put(*store_, "completed", JobState::kCompleted);
  put(*store_, "failed", JobState::kFailed);
  must(store_->expire_finished(at(50)));
  EXPECT_EQ(found("completed").expires, at(50));
  EXPECT_EQ(found("failed").expires, at(50));
  EXPECT_FALSE(found("waiting").expires.has_value());
}

TEST_P(JobStoreContract, OwesOnlyOutputThatNobodyWants) {
  for (const JobState wanted : {JobState::kAccepted, JobState::kInProgress, JobState::kCompleted}) {
    const std::string id(name_of(wanted));
    put(*store_, id, wanted);
    EXPECT_FALSE(must(store_->add_debt({id}, at(50)))) << id;
  }
  EXPECT_THAT(debts(), IsEmpty());
  for (const JobState unwanted : {JobState::kFailed, JobState::kCancelled}) {
    const std::string id(name_of(unwanted));
    put(*store_, id, unwanted);
    for (const Debt& debt : debts()) must(store_->pay_debt(debt));
    EXPECT_TRUE(must(store_->add_debt({id}, at(50)))) << id;
    EXPECT_EQ(debts().size(), 1U);
  }
  EXPECT_TRUE(must(store_->add_debt({"unknown"}, at(50))));
  EXPECT_EQ(must(store_->debt_count()), 2U);
}

TEST_P(JobStoreContract, DebtsAreDueInTheirOrder) {
  must(store_->add_debt({"b"}, at(30)));
  must(store_->add_debt({"c"}, at(10)));
  must(store_->add_debt({"a"}, at(20)));
  EXPECT_EQ(must(store_->next_debt()), at(10));
  std::vector<std::string> due;
  for (const Debt& debt : debts(20)) due.push_back(debt.job.text);
  EXPECT_THAT(due, ElementsAre("c", "a"));
  const auto first = must(store_->due_debts(at(30), at(1000), 1));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].job.text, "c");
  must(store_->postpone_debt(first[0], at(40), "down"));
  reopen();
  EXPECT_EQ(must(store_->next_debt()), at(20));
  EXPECT_EQ(debts(40).back().tries, 1U);
  for (const Debt& debt : debts()) must(store_->pay_debt(debt));
  EXPECT_EQ(must(store_->next_debt()), std::nullopt);
  EXPECT_EQ(must(store_->debt_count()), 0U);
}

TEST_P(JobStoreContract, ADebtFurtherAheadThanAnyDelayIsDue) {
  must(store_->add_debt({"a"}, at(1000)));
  EXPECT_THAT(must(store_->due_debts(at(10), at(1000), 10)), IsEmpty());
  EXPECT_EQ(must(store_->due_debts(at(10), at(999), 10)).size(), 1U);
}

/// What is deleted while it is recorded again has to be deleted again.
TEST_P(JobStoreContract, ARenewedDebtIsNotPaidByTheOldOne) {
  must(store_->add_debt({"a"}, at(10)));
  const Debt old = debts()[0];
  must(store_->add_debt({"a"}, at(20)));
  ASSERT_EQ(debts().size(), 1U);
  must(store_->postpone_debt(old, at(999), "down"));
  EXPECT_EQ(debts()[0].due, at(20));
  EXPECT_EQ(debts()[0].tries, 0U);
  must(store_->pay_debt(old));
  ASSERT_EQ(debts().size(), 1U);
  must(store_->pay_debt(debts()[0]));
  EXPECT_THAT(debts(), IsEmpty());
}

TEST_P(JobStoreContract, AConstantIsMadeOnce) {
  EXPECT_EQ(must(store_->constant("instance", "first")), "first");
  EXPECT_EQ(must(store_->constant("instance", "second")), "first");
  reopen();
  EXPECT_EQ(must(store_->constant("instance", "third")), "first");
  EXPECT_EQ(must(store_->constant("other", "third")), "third");
}

TEST_P(JobStoreContract, AConstantCanBeReplacedOnPurpose) {
  EXPECT_EQ(must(store_->constant("sink", "first")), "first");
  must(store_->note({{"sink", "second"}}));
  reopen();
  EXPECT_EQ(must(store_->constant("sink", "third")), "second");
}

TEST_P(JobStoreContract, KnowsWhetherASinkHasAnythingOfIt) {
  EXPECT_FALSE(must(store_->has_output()));
  put(*store_, "waiting", JobState::kAccepted);
  EXPECT_FALSE(must(store_->has_output())) << "it has not begun";
  put(*store_, "failed", JobState::kFailed);
  EXPECT_TRUE(must(store_->has_output())) << "owed";
  must(store_->pay_debt(debts()[0]));
  EXPECT_FALSE(must(store_->has_output()));
  put(*store_, "running", JobState::kInProgress);
  EXPECT_TRUE(must(store_->has_output()));
  EXPECT_TRUE(must(store_->requeue({"running"}, 1, true, at(20))));
  must(store_->pay_debt(debts()[0]));
  EXPECT_TRUE(must(store_->has_output())) << "an attempt may have left something";
  EXPECT_EQ(must(store_->start({"running"}, kLease, at(30))), 2U);
  EXPECT_TRUE(must(store_->complete({"running"}, 2, kTwoFiles, at(40), at(100))));
  EXPECT_TRUE(must(store_->has_output()));
}

}  // namespace kiln::job
