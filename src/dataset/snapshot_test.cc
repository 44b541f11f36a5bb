#include "dataset/snapshot.h"

#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "dataset/file_source.h"
#include "dataset/testing/temporary_files.h"
#include "dataset/text_source.h"

namespace kiln::dataset {
namespace {

TEST(SnapshotTest, OpensAllFilesOrNone) {
  const TemporaryFolder folder;
  const Input a{folder.write("a", "0123"), FileKind::kNdjson, ""};
  const Input b{folder.write("b", "01234567"), FileKind::kNdjson, ""};
  const Input missing{folder.path_of("no"), FileKind::kNdjson, ""};
  const auto snapshot = open_files({a, b, a});
  ASSERT_TRUE(snapshot.ok());
  ASSERT_EQ(snapshot->sources.size(), 3U);
  EXPECT_EQ(snapshot->sources[1]->about().size, 8U);
  EXPECT_EQ(snapshot->sources[2]->about().name, a.path);
  EXPECT_EQ(open_files({a, missing}).error().code(), base::ErrorCode::kNotFound);
}

TEST(SnapshotTest, WhatCannotHoldATypeIsLeftBehind) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "{}");
  auto all = open_files({{path, FileKind::kNdjson, "Patient"},
                         {path, FileKind::kNdjson, "Group"},
                         {path, FileKind::kNdjson, ""}});
  ASSERT_TRUE(all.ok());
  all->sources.push_back((*snapshot_of_lines("{}"))->sources[0]);
  EXPECT_EQ(narrow_snapshot(*all, {"Patient"})->sources,
            (std::vector{all->sources[0], all->sources[2], all->sources[3]}));
  EXPECT_EQ(narrow_snapshot(*all, {"Group", "Patient"})->sources, all->sources);
  EXPECT_TRUE(narrow_snapshot(*all, {})->sources.empty());
}

TEST(SnapshotTest, IsOpenedAgainAsItWas) {
  const TemporaryFolder folder;
  const std::string a = folder.write("a.ndjson", "{}\n");
  const std::string b = folder.write("b.json", "{}\n");
  const auto snapshot =
      open_files({{a, FileKind::kNdjson, "Patient", true}, {b, FileKind::kJson, "", false}});
  const auto description = describe_snapshot(*snapshot);
  ASSERT_TRUE(description.ok());
  std::ofstream(a, std::ios::app) << "{}\n";
  const auto again = reopen_snapshot(*description);
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ(*describe_snapshot(**again), *description);
  EXPECT_EQ((*again)->sources[0]->about().size, 3U);
  std::filesystem::rename(folder.write("new", "{}\n"), b);
  EXPECT_EQ(reopen_snapshot(*description).error().code(), base::ErrorCode::kConflict);
}

TEST(SnapshotTest, NamesThatAreNoTextAreKept) {
  const TemporaryFolder folder;
  const std::string path = folder.write("\xff\xc0.ndjson", "{}\n");
  const auto again = reopen_snapshot(*describe_snapshot(*open_files({{path}})));
  ASSERT_TRUE(again.ok()) << again.error().to_string();
  EXPECT_EQ((*again)->sources[0]->about().path, path);
}

TEST(SnapshotTest, WhatARequestBroughtAlongIsNotKept) {
  const auto lines = snapshot_of_lines("{}\n");
  EXPECT_EQ(describe_snapshot(**lines).error().code(), base::ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace kiln::dataset
