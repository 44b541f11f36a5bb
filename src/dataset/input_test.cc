#include "dataset/input.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataset/testing/temporary_files.h"

namespace kiln::dataset {
namespace {

bool is_type(std::string_view name) {
  return name == "Patient" || name == "Observation" || name == "Bundle";
}

/// The names found, without the folder.
std::vector<std::string> found(const TemporaryFolder& folder,
                               const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  const auto inputs = find_inputs(arguments, is_type);
  EXPECT_TRUE(inputs.ok()) << inputs.error().to_string();
  if (!inputs.ok()) return names;
  for (const Input& input : inputs->files) {
    EXPECT_EQ(input.path.rfind(folder.path() + "/", 0), 0U) << input.path;
    names.push_back(input.path.substr(folder.path().size() + 1));
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(DescribeFileTest, NamesTellKindCompressionAndType) {
  Input input = describe_file("a/b/Patient.ndjson", is_type);
  EXPECT_EQ(input.kind, FileKind::kNdjson);
  EXPECT_EQ(input.type, "Patient");
  input = describe_file("Observation.000.ndjson.gz", is_type);
  EXPECT_EQ(input.type, "Observation");
  input = describe_file("Patient-1_2.ndjson.zst", is_type);
  EXPECT_EQ(input.type, "Patient");
  input = describe_file("Patient.json.gz", is_type);
  EXPECT_EQ(input.kind, FileKind::kJson);
  EXPECT_EQ(input.type, "");
}

TEST(DescribeFileTest, OtherNamesPromiseNoType) {
  for (const std::string name :
       {"patient.ndjson", "Patients.ndjson", "MyPatient.ndjson", "x.Patient.ndjson", "Patient.txt",
        "Patient", ".ndjson", "Patient/data.ndjson", "1Patient.ndjson", "Bundle.ndjson",
        "Bundle-1.ndjson.gz"}) {
    EXPECT_EQ(describe_file(name, is_type).type, "") << name;
    EXPECT_EQ(describe_file(name, is_type).kind, FileKind::kNdjson) << name;
  }
}

TEST(FindInputsTest, FoldersAreSearchedByEnding) {
  const TemporaryFolder folder;
  for (const char* name : {"b.ndjson", "a.ndjson.gz", "c.ndjson.zst", "d.json", "e.txt",
                           ".hidden.ndjson", "f.ndjson.bz2", "g.json.gz", "ndjson", "h.NDJSON"}) {
    folder.write(name, "{}\n");
  }
  std::filesystem::create_directory(folder.path_of("sub.ndjson"));
  std::filesystem::create_directory(folder.path_of("sub"));
  folder.write("sub/z.ndjson", "{}\n");
  EXPECT_EQ(found(folder, {folder.path()}),
            (Names{"a.ndjson.gz", "b.ndjson", "c.ndjson.zst", "d.json"}));
  EXPECT_EQ(found(folder, {folder.path_of("sub")}), (Names{"sub/z.ndjson"}));
}

TEST(FindInputsTest, GlobsAreSortedAndNameFilesOnly) {
  const TemporaryFolder folder;
  for (const char* name : {"p10.ndjson", "p2.ndjson", "p1.ndjson", "q.ndjson", "p.txt"}) {
    folder.write(name, "");
  }
  std::filesystem::create_directory(folder.path_of("p9.ndjson"));
  EXPECT_EQ(found(folder, {folder.path_of("p*.ndjson")}),
            (Names{"p1.ndjson", "p10.ndjson", "p2.ndjson"}));
  EXPECT_EQ(found(folder, {folder.path_of("[pq].*")}), (Names{"p.txt", "q.ndjson"}));
  EXPECT_EQ(found(folder, {folder.path_of("p?.ndjson")}), (Names{"p1.ndjson", "p2.ndjson"}));
}

TEST(FindInputsTest, ArgumentsKeepTheirOrder) {
  const TemporaryFolder folder;
  for (const char* name : {"a.ndjson", "b.ndjson", "odd name"}) folder.write(name, "");
  EXPECT_EQ(found(folder,
                  {folder.path_of("odd name"), folder.path_of("b.ndjson"), folder.path_of("[a]*")}),
            (Names{"odd name", "b.ndjson", "a.ndjson"}));
}

TEST(FindInputsTest, AFileWithAPatternsNameIsTheFile) {
  const TemporaryFolder folder;
  folder.write("[a].ndjson", "");
  folder.write("a.ndjson", "");
  EXPECT_EQ(found(folder, {folder.path_of("[a].ndjson")}), (Names{"[a].ndjson"}));
}

TEST(FindInputsTest, StdinIsNdjsonOfAnyType) {
  const auto inputs = find_inputs({"-"}, is_type);
  ASSERT_TRUE(inputs.ok());
  ASSERT_EQ(inputs->files.size(), 1U);
  EXPECT_EQ(inputs->files.front().path, "-");
  EXPECT_EQ(inputs->files.front().kind, FileKind::kNdjson);
}

TEST(FindInputsTest, TheSameFileIsThereOnce) {
  const TemporaryFolder folder;
  const std::string file = folder.write("Patient.ndjson", "");
  std::filesystem::create_symlink(file, folder.path_of("a.ndjson"));
  std::filesystem::create_hard_link(file, folder.path_of("Observation.ndjson"));
  const auto both = find_inputs({file, folder.path() + "/./Patient.ndjson", folder.path(), file,
                                 folder.path_of("*.ndjson"), "-", "-"},
                                is_type);
  ASSERT_TRUE(both.ok());
  ASSERT_EQ(both->files.size(), 2U);
  EXPECT_EQ(both->files[0].path, file);
  EXPECT_EQ(both->files[0].type, "") << "its names promise different types";
  EXPECT_FALSE(both->files[0].found) << "it was named, too";
  const auto same = find_inputs({folder.path_of("Patient*"), file}, is_type);
  ASSERT_TRUE(same.ok());
  ASSERT_EQ(same->files.size(), 1U);
  EXPECT_EQ(same->files[0].type, "Patient");
  EXPECT_TRUE(find_inputs({folder.path()}, is_type)->files[0].found);
}

TEST(FindInputsTest, WhatCannotBeReadIsNotPassedOverInSilence) {
  const TemporaryFolder folder;
  folder.write("a.ndjson", "");
  folder.write("b.jsonl", "");
  EXPECT_EQ(find_inputs({folder.path()}, is_type)->passed_over, (Names{folder.path_of("b.jsonl")}));
  std::filesystem::create_symlink("/nowhere/at/all", folder.path_of("c.ndjson"));
  for (const std::string& argument : {folder.path(), folder.path_of("*.ndjson")}) {
    const auto inputs = find_inputs({argument}, is_type);
    ASSERT_FALSE(inputs.ok());
    EXPECT_NE(inputs.error().message().find("c.ndjson"), std::string::npos);
  }
}

TEST(FindInputsTest, TwoStarsStandForAnyFolders) {
  const TemporaryFolder folder;
  for (const char* name : {"x", "x/y", "x/y/z", ".h", "x/.h"}) {
    std::filesystem::create_directories(folder.path_of(name));
  }
  for (const char* name : {"a.ndjson", "x/b.ndjson", "x/y/c.ndjson", "x/y/z/d.ndjson", "x/y/e.txt",
                           ".h/f.ndjson", "x/.h/g.ndjson"}) {
    folder.write(name, "");
  }
  EXPECT_EQ(found(folder, {folder.path_of("**/*.ndjson")}),
            (Names{"a.ndjson", "x/b.ndjson", "x/y/c.ndjson", "x/y/z/d.ndjson"}));
  EXPECT_EQ(found(folder, {folder.path_of("x/**/z/*")}), (Names{"x/y/z/d.ndjson"}));
  EXPECT_EQ(found(folder, {folder.path_of("x/**")}),
            (Names{"x/b.ndjson", "x/y/c.ndjson", "x/y/e.txt", "x/y/z/d.ndjson"}));
  EXPECT_EQ(found(folder, {folder.path_of("**/y/*.ndjson")}), (Names{"x/y/c.ndjson"}));
  EXPECT_EQ(found(folder, {folder.path_of("*/[b]*")}), (Names{"x/b.ndjson"}));
}

TEST(FindInputsTest, NothingFoundIsAnError) {
  const TemporaryFolder folder;
  folder.write("only.txt", "");
  for (const std::string& argument : {folder.path(), folder.path_of("no.ndjson"),
                                      folder.path_of("*.ndjson"), folder.path_of("[")}) {
    const auto inputs = find_inputs({folder.path_of("only.txt"), argument}, is_type);
    ASSERT_FALSE(inputs.ok()) << argument;
    EXPECT_EQ(inputs.error().code(), base::ErrorCode::kNotFound) << argument;
    EXPECT_NE(inputs.error().message().find(argument), std::string::npos);
  }
}

}  // namespace
}  // namespace kiln::dataset
