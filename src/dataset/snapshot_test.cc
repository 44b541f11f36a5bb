#include "dataset/snapshot.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
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

TEST(SnapshotTest, AFileThatDoesNotAnswerIsNotWaitedFor) {
  const TemporaryFolder folder;
  const std::string a = folder.write("a.ndjson", "{}\n");
  const std::string b = folder.write("b.ndjson", "{}\n");
  const auto description = describe_snapshot(*open_files({{a}, {b}}));
  std::promise<void> answer;
  const auto late =
      reopen_snapshot(*description, {},
                      {std::chrono::milliseconds(20),
                       [b, gate = answer.get_future().share()](const std::string& path) {
                         if (path == b) gate.wait();
                       }});
  answer.set_value();
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code(), base::ErrorCode::kUnavailable);
  EXPECT_NE(late.error().message().find(b), std::string::npos) << late.error().message();
}

TEST(SnapshotTest, OpensAFewClosedFilesAhead) {
  const TemporaryFolder folder;
  const auto cache = std::make_shared<DescriptorCache>(8);
  std::vector<Input> inputs;
  for (int i = 0; i < 12; ++i) {  // of which the last eight stay open
    inputs.push_back({folder.write("f" + std::to_string(i), "content"), FileKind::kNdjson, ""});
  }
  auto snapshot = open_files(inputs, {cache});
  ASSERT_TRUE(snapshot.ok());
  const auto file = [&](size_t i) { return snapshot->sources[i]->opened_file(); };
  std::filesystem::remove(inputs[2].path);
  std::vector<bool> wanted(12, true);
  wanted[1] = false;
  EXPECT_EQ(snapshot->open_ahead(0, wanted, {}), 5U) << "half of what may be open: 0, 2, 3, 4";
  char byte = 0;
  for (const size_t i : {0U, 3U}) {
    std::filesystem::remove(inputs[i].path);
    EXPECT_TRUE(file(i)->read_at(&byte, 1, 0).ok()) << i;
  }
  EXPECT_EQ(file(2)->read_at(&byte, 1, 0).error().code(), base::ErrorCode::kConflict);
  EXPECT_EQ(snapshot->open_ahead(11, wanted, {}), 12U);
  EXPECT_LE(cache->open_count(), 8U);
  wanted.assign(12, false);
  EXPECT_TRUE(snapshot->verify(wanted, {}).ok());
  wanted[2] = true;
  EXPECT_EQ(snapshot->verify(wanted, {}).error().code(), base::ErrorCode::kConflict);
}

}  // namespace
}  // namespace kiln::dataset
