#include "dataset/snapshot.h"

#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "dataset/testing/temporary_files.h"

namespace kiln::dataset {
namespace {

OpenFilePtr open_file(const std::string& path) {
  auto file = OpenFile::open({path, FileKind::kNdjson, Compression::kNone, ""});
  EXPECT_TRUE(file.ok()) << file.error().to_string();
  return *file;
}

std::string read_at(const OpenFile& file, size_t size, uint64_t offset) {
  std::string text(size, '?');
  const auto got = file.read_at(text.data(), size, offset);
  EXPECT_TRUE(got.ok());
  text.resize(got.ok() ? *got : 0);
  return text;
}

/// Without waiting for the clock to tick.
void set_modified(const std::string& path, int64_t seconds) {
  timespec times[2] = {{seconds, 0}, {seconds, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST(OpenFileTest, ReadsWithinTheFile) {
  const TemporaryFolder folder;
  const OpenFilePtr file = open_file(folder.write("a", "0123456789"));
  EXPECT_TRUE(file->seekable());
  EXPECT_EQ(file->state().size, 10U);
  EXPECT_EQ(read_at(*file, 4, 3), "3456");
  EXPECT_EQ(read_at(*file, 100, 8), "89");
  EXPECT_EQ(read_at(*file, 4, 10), "");
  EXPECT_EQ(read_at(*file, 4, UINT64_MAX), "");
  EXPECT_EQ(read_at(*file, 0, 3), "");
}

TEST(OpenFileTest, WhatIsAppendedIsNotSeen) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "0123");
  const OpenFilePtr file = open_file(path);
  std::ofstream(path, std::ios::app) << "4567";
  EXPECT_EQ(read_at(*file, 100, 0), "0123");
  EXPECT_TRUE(file->check_unchanged().ok());
}

TEST(OpenFileTest, AReplacedFileIsReadAsItWas) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "old content");
  const OpenFilePtr file = open_file(path);
  std::filesystem::rename(folder.write("b", "new"), path);
  EXPECT_EQ(read_at(*file, 100, 0), "old content");
  EXPECT_TRUE(file->check_unchanged().ok());
  std::filesystem::remove(path);
  EXPECT_EQ(read_at(*file, 3, 0), "old");
}

TEST(OpenFileTest, AShortenedFileIsAConflict) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "0123456789");
  const OpenFilePtr file = open_file(path);
  std::filesystem::resize_file(path, 5);
  char bytes[10];
  EXPECT_TRUE(file->read_at(bytes, 5, 0).ok());
  EXPECT_EQ(file->read_at(bytes, 6, 0).error().code(), base::ErrorCode::kConflict);
  EXPECT_EQ(file->read_at(bytes, 1, 7).error().code(), base::ErrorCode::kConflict);
  EXPECT_EQ(file->check_unchanged().error().code(), base::ErrorCode::kConflict);
}

TEST(OpenFileTest, AFileChangedInPlaceIsAConflict) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "0123456789");
  set_modified(path, 1'700'000'000);
  const OpenFilePtr file = open_file(path);
  EXPECT_TRUE(file->check_unchanged().ok());
  folder.write("a", "9876543210");
  set_modified(path, 1'700'000'001);
  const auto status = file->check_unchanged();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), base::ErrorCode::kConflict);
  EXPECT_EQ(status.error().position().source, path);
}

/// Longer than before, but not by what was appended.
TEST(OpenFileTest, AFileWrittenAnewIsAConflictAlsoIfItIsLonger) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "0123456789");
  set_modified(path, 1'700'000'000);
  const OpenFilePtr file = open_file(path);
  folder.write("a", "0123456789 and more");
  set_modified(path, 1'700'000'001);
  EXPECT_TRUE(file->check_unchanged().ok());
  EXPECT_TRUE(OpenFile::open_as_it_was(file->input(), file->state()).ok());
  for (const char* anew : {"x123456789 and more", "012345678x and more"}) {
    folder.write("a", anew);
    set_modified(path, 1'700'000'002);
    EXPECT_EQ(file->check_unchanged().error().code(), base::ErrorCode::kConflict) << anew;
    EXPECT_EQ(OpenFile::open_as_it_was(file->input(), file->state()).error().code(),
              base::ErrorCode::kConflict)
        << anew;
  }
}

TEST(OpenFileTest, WhatCannotBeOpened) {
  const TemporaryFolder folder;
  const auto missing = OpenFile::open({folder.path_of("no"), FileKind::kNdjson, {}, ""});
  EXPECT_EQ(missing.error().code(), base::ErrorCode::kNotFound);
  EXPECT_EQ(OpenFile::open({folder.path(), FileKind::kNdjson, {}, ""}).error().code(),
            base::ErrorCode::kIo);
}

TEST(SnapshotTest, OpensAllOrNone) {
  const TemporaryFolder folder;
  const Input a{folder.write("a", "0123"), FileKind::kNdjson, Compression::kNone, ""};
  const Input b{folder.write("b", "01234567"), FileKind::kNdjson, Compression::kNone, ""};
  const Input missing{folder.path_of("no"), FileKind::kNdjson, Compression::kNone, ""};
  const auto snapshot = Snapshot::open({a, b, a});
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ(snapshot->files.size(), 3U);
  EXPECT_EQ(snapshot->files[1]->state().size, 8U);
  EXPECT_EQ(snapshot->files[0]->state(), snapshot->files[2]->state());
  EXPECT_FALSE(snapshot->files[0]->state() == snapshot->files[1]->state());
  EXPECT_EQ(Snapshot::open({a, missing}).error().code(), base::ErrorCode::kNotFound);
}

}  // namespace
}  // namespace kiln::dataset
