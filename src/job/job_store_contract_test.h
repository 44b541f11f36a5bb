// What every job store must do. A store's tests instantiate JobStoreContract with a way to make a
// place:
//
//   INSTANTIATE_TEST_SUITE_P(Sqlite, JobStoreContract, testing::Values(JobStoreCase{...}),
//                            name_of_case);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "job/job_store.h"

namespace kiln::job {

/// Where a store's records are: what one store has written the next one over the place finds.
class JobStorePlace {
 public:
  virtual ~JobStorePlace() = default;
  virtual std::unique_ptr<JobStore> open() = 0;
};

struct JobStoreCase {
  std::string name;
  std::function<std::unique_ptr<JobStorePlace>()> make_place;

  friend void PrintTo(const JobStoreCase& one, std::ostream* out) { *out << one.name; }
};

inline std::string name_of_case(const ::testing::TestParamInfo<JobStoreCase>& info) {
  return info.param.name;
}

constexpr base::WallTime at(int64_t ms) { return base::WallTime(std::chrono::milliseconds(ms)); }

/// Of the attempts of put().
inline const AttemptLease kLease{"owner", at(60)};

Job make_job(const std::string& id, int64_t created = 1, const std::string& client = "client");
/// A job that has come as far as `state`; finished ones at 20, expiring at 100.
void put(JobStore& store, const std::string& id, JobState state);
/// Fails the test if there is none.
Job record_of(JobStore& store, const std::string& id);
std::vector<Debt> debts_of(JobStore& store, int64_t now = 1'000'000);

class JobStoreContract : public ::testing::TestWithParam<JobStoreCase> {
 protected:
  void SetUp() override;
  void reopen();

  Job found(const std::string& id) { return record_of(*store_, id); }
  JobState state(const std::string& id) { return found(id).state; }
  std::vector<Debt> debts(int64_t now = 1'000'000) { return debts_of(*store_, now); }

  std::unique_ptr<JobStorePlace> place_;
  std::unique_ptr<JobStore> store_;
};

}  // namespace kiln::job
