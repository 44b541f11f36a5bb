#include "sql/worker/query_codec.h"

#include <gtest/gtest.h>

namespace kiln::sql {
namespace {

using table::ColumnType;
using table::Member;
using table::Nesting;

ColumnType nested(Nesting nesting, std::vector<Member> members) {
  ColumnType type;
  type.json = table::JsonForm::kJson;
  type.nesting = nesting;
  type.members = std::move(members);
  return type;
}

std::string schema_bytes(const ColumnType& type) {
  WireWriter out;
  write_schema({{{"a column", type, "code", ""}}}, out);
  return out.bytes();
}

bool is_read(const std::string& bytes) {
  WireReader in(bytes);
  auto schema = read_schema(in);
  return schema.ok() && in.done();
}

TEST(QueryCodecTest, NestedColumnsComeBack) {
  ColumnType scalar;
  scalar.sql = table::SqlType::kDecimal;
  scalar.precision = 10;
  scalar.scale = 2;
  scalar.list = true;
  const ColumnType type = nested(
      Nesting::kStruct,
      {{"it's", nested(Nesting::kMap, {{"", {}}, {"", nested(Nesting::kList, {{"", scalar}})}})},
       {"b", {}}});
  const std::string bytes = schema_bytes(type);
  WireReader in(bytes);
  auto schema = read_schema(in);
  ASSERT_TRUE(schema.ok() && in.done());
  ASSERT_EQ(schema->columns.size(), 1U);
  EXPECT_EQ(schema->columns[0].name, "a column");
  EXPECT_EQ(schema->columns[0].fhir_type, "code");
  EXPECT_TRUE(schema->columns[0].type == type);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(is_read(bytes.substr(0, size))) << size;
  }
}

TEST(QueryCodecTest, NestedColumnsThatAreNoneAreRefused) {
  EXPECT_FALSE(is_read(schema_bytes(nested(Nesting::kStruct, {}))));
  EXPECT_FALSE(is_read(schema_bytes(nested(Nesting::kList, {{"", {}}, {"", {}}}))));
  EXPECT_FALSE(is_read(schema_bytes(nested(Nesting::kMap, {{"", {}}}))));
  ColumnType list = nested(Nesting::kList, {{"", {}}});
  EXPECT_TRUE(is_read(schema_bytes(list)));
  list.list = true;
  EXPECT_FALSE(is_read(schema_bytes(list)));
}

TEST(QueryCodecTest, NestingHasALimit) {
  ColumnType type;
  for (unsigned i = 0; i < table::kMostNesting; ++i) type = nested(Nesting::kList, {{"", type}});
  EXPECT_TRUE(is_read(schema_bytes(type)));
  EXPECT_FALSE(is_read(schema_bytes(nested(Nesting::kList, {{"", type}}))));
}

}  // namespace
}  // namespace kiln::sql
