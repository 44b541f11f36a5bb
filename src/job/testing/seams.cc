#include "job/testing/seams.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "job/sqlite/database.h"

namespace kiln::job {

ScratchFolder::ScratchFolder() {
  const bool memory = std::filesystem::is_directory("/dev/shm");
  path_ = (memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) /
          "kiln-job-XXXXXX";
  EXPECT_NE(::mkdtemp(path_.data()), nullptr) << path_;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void run_sql(const std::string& database, const std::string& sql) {
  auto opened = Database::open(database, Durability::kProcessCrash);
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  const base::Status done = opened->execute(sql.c_str());
  ASSERT_TRUE(done.ok()) << done.error().message();
}

}  // namespace kiln::job
