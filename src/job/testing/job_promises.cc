#include "job/testing/job_promises.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace kiln::job {
namespace {

constexpr uint64_t kFinalRank = UINT64_MAX;

bool same_file(const OutputFile& a, const OutputFile& b) {
  return a.output == b.output && a.name == b.name && a.rows == b.rows && a.size == b.size &&
         a.sha256 == b.sha256 && a.media_type == b.media_type;
}

void expect_same(const Job& now, const Job& then) {
  EXPECT_EQ(now.state, then.state);
  EXPECT_EQ(now.attempt, then.attempt);
  EXPECT_EQ(now.finished, then.finished);
  EXPECT_EQ(now.expires, then.expires);
  EXPECT_EQ(now.failure, then.failure);
  EXPECT_TRUE(std::equal(now.files.begin(), now.files.end(), then.files.begin(), then.files.end(),
                         same_file));
}

}  // namespace

uint64_t rank_of(const Job& job) {
  if (is_final(job.state)) return kFinalRank;
  const uint64_t attempt = job.attempt;
  return job.state == JobState::kAccepted ? 2 * attempt : 2 * attempt - 1;
}

bool JobPromises::may_be_expired(const Promise& promise) {
  const base::WallTime earliest =
      promise.finished ? *promise.finished->expires : promise.created + output_ttl_;
  return earliest <= clock_.now();
}

void JobPromises::on_found(const JobId& id, const Promise& before, const std::optional<Job>& job) {
  Promise& known = jobs_[id];
  if (!job) {
    EXPECT_TRUE(may_be_gone(known)) << "lost: " << id.text;
    known.gone = true;
    return;
  }
  EXPECT_FALSE(before.gone) << "came back: " << id.text;
  EXPECT_NE(job->state, JobState::kCancelled);
  EXPECT_GE(rank_of(*job), before.rank) << "went back: " << id.text;
  known.rank = std::max(known.rank, rank_of(*job));
  if (!is_final(job->state)) return;
  EXPECT_EQ(*job->expires, *job->finished + output_ttl_);
  EXPECT_LT(clock_.now(), *job->expires) << "there after its time: " << id.text;
  if (!known.finished) known.finished = job;
  expect_same(*job, *known.finished);
}

void JobPromises::on_cancelled(const JobId& id, const Promise& before, bool granted,
                               std::optional<JobState> state) {
  Promise& known = jobs_[id];
  if (!granted) {
    EXPECT_TRUE(may_be_gone(known)) << "not found, but there: " << id.text;
    known.gone = true;
    return;
  }
  EXPECT_FALSE(before.gone) << "cancelled, though it is gone: " << id.text;
  if (!state) {
    EXPECT_TRUE(may_be_dropped(known));
    return;
  }
  EXPECT_TRUE(is_final(*state)) << "still under way after its cancel: " << id.text;
  if (*state != JobState::kCancelled) return;
  EXPECT_FALSE(known.finished) << "a finished job was cancelled: " << id.text;
  EXPECT_EQ(++known.cancels_granted, 1) << "granted twice: " << id.text;
  known.gone = true;
}

void JobPromises::on_removed(const JobId& id, const Promise& before, bool granted, bool is_there) {
  Promise& known = jobs_[id];
  if (!granted) {  // not finished, cancelled, or gone
    --known.removals_begun;
    return;
  }
  EXPECT_FALSE(before.gone) << "removed, though it was gone: " << id.text;
  EXPECT_EQ(known.cancels_granted, 0) << "removed after its cancel: " << id.text;
  EXPECT_EQ(++known.removals_granted, 1) << "granted twice: " << id.text;
  EXPECT_FALSE(is_there) << "there after its removal: " << id.text;
  known.gone = true;
}

void JobPromises::on_listed(const std::string& client, const std::map<JobId, Promise>& before,
                            const std::vector<JobView>& views) {
  for (size_t i = 1; i < views.size(); ++i) {
    EXPECT_GE(views[i - 1].job.created, views[i].job.created) << "newest first";
  }
  for (const auto& [id, then] : before) {
    const bool listed = std::any_of(views.begin(), views.end(),
                                    [&id = id](const JobView& view) { return view.job.id == id; });
    if (then.client != client || then.gone) {
      EXPECT_FALSE(listed) << "not for this list: " << id.text;
    } else {
      EXPECT_TRUE(listed || may_be_gone(jobs_[id])) << "not in the list: " << id.text;
    }
  }
}

void JobPromises::on_state(const JobId& id, JobState state) {
  Promise& known = jobs_[id];
  EXPECT_EQ(known.cancels_granted, 0) << "changed after its cancel: " << id.text;
  EXPECT_FALSE(known.end_told) << "changed after its end: " << id.text;
  EXPECT_TRUE(!known.finished || known.finished->state == state) << "another end: " << id.text;
  known.end_told = is_final(state);
  if (state == JobState::kCancelled) known.cancel_begun = true;
}

void JobPromises::on_attempt(const Attempt& attempt, uint32_t most_attempts) {
  Promise& known = jobs_[attempt.job.id];
  EXPECT_GT(attempt.number, known.last_attempt) << "an attempt's folder is its own";
  EXPECT_LE(attempt.number, most_attempts) << "tried for ever";
  EXPECT_FALSE(known.running) << "two attempts at once";
  EXPECT_FALSE(known.finished) << "started after its end";
  EXPECT_TRUE(known.cancels_granted == 0 || attempt.stop.stop_requested()) << "not told to stop";
  known.last_attempt = attempt.number;
}

}  // namespace kiln::job
