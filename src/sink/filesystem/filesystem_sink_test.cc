#include "sink/filesystem/filesystem_sink.h"

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "sink/sink_contract_test.h"

namespace kiln::sink::testing {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;

const ObjectKey kKey{"job", 3, "file.csv"};

class Folder final : public SinkPlace {
 public:
  Folder() {
    std::string name = ::testing::TempDir() + "kiln_sink_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
  }
  ~Folder() override {
    std::error_code code;
    fs::remove_all(path_, code);
  }
  std::unique_ptr<ExportSink> open(const std::string& instance) override {
    // Twice missing, and with a slash: all of it is made.
    auto sink = open_filesystem_sink((path_ / "exports" / "deep").string() + "/", instance);
    if (sink.ok()) return std::move(sink).value();
    ADD_FAILURE() << sink.error().to_string();
    return nullptr;
  }
  fs::path files() const { return path_ / "exports" / "deep" / "one"; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

unsigned mode_of(const fs::path& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0) return 0;
  return status.st_mode & 07777U;
}

INSTANTIATE_TEST_SUITE_P(Filesystem, SinkContract,
                         ::testing::Values(SinkCase{"Folder",
                                                    [] { return std::make_unique<Folder>(); }}),
                         name_of_case);

class FilesystemSinkTest : public ::testing::Test {
 protected:
  Folder folder_;
  std::unique_ptr<ExportSink> sink_ = folder_.open("one");
  const fs::path file_ = folder_.files() / "job" / "3" / "file.csv";
  const fs::path part_ = folder_.files() / "job" / "3" / ".file.csv.part";
};

TEST_F(FilesystemSinkTest, OnlyTheOwnerMayLook) {
  const mode_t before = ::umask(0);
  store(*sink_, kKey, "text");
  ::umask(before);
  EXPECT_EQ(mode_of(file_), 0600U);
  EXPECT_EQ(mode_of(file_.parent_path()), 0700U);
  EXPECT_EQ(mode_of(file_.parent_path().parent_path()), 0700U);
  EXPECT_EQ(mode_of(folder_.files()), 0700U);
  EXPECT_EQ(mode_of(folder_.files().parent_path()), 0700U);
}

TEST_F(FilesystemSinkTest, HiddenUntilFinished) {
  auto writer = sink_->create(kKey, {});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->write("text").ok());
  EXPECT_TRUE(fs::exists(part_));
  EXPECT_EQ(mode_of(part_), 0600U);
  EXPECT_FALSE(fs::exists(file_));
  ASSERT_TRUE((*writer)->finish().ok());
  EXPECT_FALSE(fs::exists(part_));
  EXPECT_TRUE(fs::exists(file_));
}

TEST_F(FilesystemSinkTest, AbandonedFileTakesItsFolders) {
  sink_->create(kKey, {}).ok();
  EXPECT_TRUE(fs::is_empty(folder_.files()));
}

TEST_F(FilesystemSinkTest, RemainsOfACrashAreOverwrittenListedAndRemoved) {
  fs::create_directories(part_.parent_path());
  std::ofstream(part_) << "what a crash left, longer than the file";
  EXPECT_EQ(jobs_of(*sink_), std::vector<std::string>{"job"});
  EXPECT_EQ(load_error(*sink_, kKey, 0, 1), ErrorCode::kNotFound);
  store(*sink_, kKey, "text");
  EXPECT_EQ(fs::file_size(file_), 4U);
  std::ofstream(part_) << "again";
  ASSERT_TRUE(sink_->remove_job("job", {}).ok());
  EXPECT_TRUE(fs::is_empty(folder_.files()));
}

TEST_F(FilesystemSinkTest, OtherFilesAreLeftAlone) {
  std::ofstream(folder_.files() / "note.txt") << "not a folder";
  fs::create_directory(folder_.files() / ".hidden");
  fs::create_directories(folder_.files() / "job" / "1x");
  EXPECT_EQ(jobs_of(*sink_), std::vector<std::string>{"job"});
  ASSERT_TRUE(sink_->remove_attempts_before("job", 5, {}).ok());
  EXPECT_TRUE(fs::exists(folder_.files() / "job" / "1x"));
  EXPECT_TRUE(fs::exists(folder_.files() / "note.txt"));
}

TEST_F(FilesystemSinkTest, LinksAreNotFollowed) {
  std::ofstream(folder_.path() / "secret") << "secret";
  fs::create_directories(file_.parent_path());
  fs::create_symlink(folder_.path() / "secret", file_);
  EXPECT_EQ(load_error(*sink_, kKey, 0, 6), ErrorCode::kIo);
  fs::create_symlink(folder_.path() / "secret", file_.parent_path() / ".other.part");
  const auto made = sink_->create({"job", 3, "other"}, {});
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code(), ErrorCode::kIo);
  ASSERT_TRUE(sink_->remove_job("job", {}).ok());
  EXPECT_TRUE(fs::exists(folder_.path() / "secret"));
}

TEST_F(FilesystemSinkTest, WhatIsNoFileIsRefusedAndNamed) {
  fs::create_directories(file_.parent_path());
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  const auto refused = load(*sink_, kKey, 0, 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message().find(file_.string()), std::string::npos);
}

TEST_F(FilesystemSinkTest, AFileThatDoesNotAnswerIsNotWaitedFor) {
  store(*sink_, kKey, "text");
  std::promise<void> answer;
  base::PatienceOptions patience{std::chrono::milliseconds(20), {}};
  patience.before = [gate = answer.get_future().share()](const std::string&) { gate.wait(); };
  const auto sink = open_filesystem_sink((folder_.path() / "exports" / "deep").string(), "one",
                                         std::move(patience));
  ASSERT_TRUE(sink.ok());
  for (int i = 0; i < 2; ++i) {
    const auto late = load(**sink, kKey, 0, 4);
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code(), ErrorCode::kUnavailable);
    EXPECT_NE(late.error().message().find(file_.string()), std::string::npos);
  }
  answer.set_value();
  while (!load(**sink, kKey, 0, 4).ok()) std::this_thread::yield();
}

TEST_F(FilesystemSinkTest, InstanceMustBeAName) {
  for (const char* bad : {"", "..", "a/b", ".x"}) {
    const auto sink = open_filesystem_sink(folder_.path().string(), bad);
    ASSERT_FALSE(sink.ok());
    EXPECT_EQ(sink.error().code(), ErrorCode::kUsage) << bad;
  }
}

TEST_F(FilesystemSinkTest, RootThatIsAFileIsAnError) {
  std::ofstream(folder_.path() / "file") << "x";
  const auto sink = open_filesystem_sink((folder_.path() / "file").string(), "one");
  ASSERT_FALSE(sink.ok());
  EXPECT_EQ(sink.error().code(), ErrorCode::kIo);
}

/// A file system of 1 MiB below a folder.
class SmallDisk {
 public:
  explicit SmallDisk(fs::path at) : at_(std::move(at)) {
    fs::create_directory(at_);
    mounted_ = ::mount("none", at_.c_str(), "tmpfs", 0, "size=1m,mode=700") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(at_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }

 private:
  fs::path at_;
  bool mounted_ = false;
};

void expect_no_part_of_it_stays(ExportSink& sink, ErrorCode expected) {
  store(sink, {"job", 1, "first"}, patterned(100'000));
  {
    auto writer = sink.create(kKey, {});
    ASSERT_TRUE(writer.ok());
    const std::string bytes = patterned(256 << 10);
    base::Status status;
    for (int i = 0; i < 8 && status.ok(); ++i) status = (*writer)->write(bytes);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code(), expected);
    EXPECT_FALSE((*writer)->finish().ok()) << "a part of the file became a file";
  }
  EXPECT_EQ(load_error(sink, kKey, 0, 1), ErrorCode::kNotFound);
  EXPECT_EQ(load_error(sink, {"job", 1, "first"}, 0, 100'000), std::nullopt);
  ASSERT_TRUE(sink.remove_job("job", {}).ok());
  store(sink, kKey, patterned(500'000));
}

TEST_F(FilesystemSinkTest, FullDiskMayGetRoomAgain) {
  const SmallDisk disk(folder_.path() / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "cannot mount a small file system here";
  const auto sink = open_filesystem_sink((folder_.path() / "disk").string(), "one");
  ASSERT_TRUE(sink.ok()) << sink.error().to_string();
  expect_no_part_of_it_stays(**sink, ErrorCode::kUnavailable);
}

TEST_F(FilesystemSinkTest, FileBeyondTheLimitOfTheProcess) {
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 1 << 20;
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  expect_no_part_of_it_stays(*sink_, ErrorCode::kIo);
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
}

}  // namespace
}  // namespace kiln::sink::testing
