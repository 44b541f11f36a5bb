#include "job/guard/state_watch.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>

#include "job/job_store.h"
#include "job/sqlite/sqlite_job_store.h"
#include "job/testing/must.h"
#include "job/testing/seams.h"

namespace kiln::job {
namespace {

namespace fs = std::filesystem;

void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

TEST(StateWatchTest, Issue_1_10_SeesWhatBecomesOfItsFiles) {
  struct Case {
    const char* name;
    std::function<void(const std::string& folder)> harm;
    bool is_seen = true;
  };
  const Case cases[] = {
      {"nothing", [](const std::string&) {}, false},
      {"lock removed", [](const std::string& folder) { fs::remove(folder + "/lock"); }},
      {"database removed", [](const std::string& folder) { fs::remove(folder + "/jobs"); }},
      {"log of changes removed",
       [](const std::string& folder) { fs::remove(folder + "/jobs-wal"); }},
      {"all removed", [](const std::string& folder) { fs::remove_all(folder); }},
      {"replaced by a copy",
       [](const std::string& folder) {
         fs::copy_file(folder + "/jobs", folder + "/copy");
         fs::rename(folder + "/copy", folder + "/jobs");
       }},
      {"emptied", [](const std::string& folder) { fs::resize_file(folder + "/jobs", 0); }},
      {"cut", [](const std::string& folder) { fs::resize_file(folder + "/jobs", 4096); }},
      {"written over",
       [](const std::string& folder) {
         std::fstream(folder + "/jobs", std::ios::in | std::ios::out) << "something else";
       }},
      {"another file beside it", [](const std::string& folder) { write(folder + "/other", "x"); },
       false},
  };
  for (const Case& one : cases) {
    const ScratchFolder folder;
    const std::string database = folder / "jobs";
    write(folder / "lock", "");
    // Grown to its size, then opened as a server does.
    must(SqliteJobStore::open(database, Durability::kProcessCrash));
    const auto store = must(SqliteJobStore::open(database, Durability::kProcessCrash));
    StateWatch watch(database, {folder / "lock", database + "-wal"});
    must(watch.check());
    one.harm(folder.path());
    const base::Status status = watch.check();
    EXPECT_EQ(status.ok(), !one.is_seen) << one.name;
    if (status.ok()) continue;
    EXPECT_EQ(status.error().code(), base::ErrorCode::kUnavailable);
    EXPECT_EQ(status.error().message().find('/'), std::string::npos) << "is told to clients";
    EXPECT_FALSE(watch.check().ok()) << "for good";
  }
}

}  // namespace
}  // namespace kiln::job
