#include "job/job.h"

#include <gtest/gtest.h>

namespace kiln::job {
namespace {

TEST(JobId, HasOneForm) {
  EXPECT_TRUE(is_job_id("0123456789abcdef0123456789abcdef"));
  EXPECT_FALSE(is_job_id("0123456789ABCDEF0123456789abcdef"));
  EXPECT_FALSE(is_job_id("0123456789abcdef0123456789abcde"));
  EXPECT_FALSE(is_job_id("0123456789abcdef0123456789abcdef0"));
  EXPECT_FALSE(is_job_id("0123456789abcdef0123456789abcde."));
  EXPECT_FALSE(is_job_id(""));
}

TEST(JobState, NamesAreThoseOnTheWire) {
  EXPECT_EQ(name_of(JobState::kAccepted), "accepted");
  EXPECT_EQ(name_of(JobState::kInProgress), "in-progress");
  EXPECT_EQ(name_of(JobState::kCompleted), "completed");
  EXPECT_EQ(name_of(JobState::kFailed), "failed");
  EXPECT_EQ(name_of(JobState::kCancelled), "cancelled");
}

}  // namespace
}  // namespace kiln::job
