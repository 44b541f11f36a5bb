#include "json/shape.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/padded_line.h"

namespace kiln::json {
namespace {

std::vector<std::string> keys_of(const ShapeNode& node) {
  std::vector<std::string> keys;
  for (const ShapeField& field : node.fields) keys.push_back(field.key);
  return keys;
}

TEST(ShapeBuilderTest, DemandsOfOneKeyMeet) {
  ShapeBuilder builder;
  const ShapeId name = builder.field(kRootShape, "name", 1);
  builder.field(name, "family", 2);
  EXPECT_EQ(builder.field(kRootShape, "name", 1), name);
  builder.field(builder.field(kRootShape, "name", 1), "given", 3);
  const auto nodes = builder.build();
  ASSERT_EQ(keys_of(nodes[0]), (std::vector<std::string>{"name"}));
  EXPECT_EQ(keys_of(nodes[nodes[0].fields[0].child]),
            (std::vector<std::string>{"family", "given"}));
}

TEST(ShapeBuilderTest, WholeTakesInEverythingBelow) {
  ShapeBuilder builder;
  const ShapeId name = builder.field(kRootShape, "name", 1);
  builder.field(name, "family", 2);
  builder.need_whole(name);
  const auto nodes = builder.build();
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_TRUE(nodes[1].whole);
  EXPECT_TRUE(nodes[1].fields.empty());
}

TEST(ShapeBuilderTest, TheLargestItemLimitCounts) {
  ShapeBuilder builder;
  const ShapeId a = builder.field(kRootShape, "a", 1);
  const ShapeId b = builder.field(kRootShape, "b", 2);
  builder.need_items(a, 1);
  builder.need_items(a, 3);
  builder.need_items(a, 2);
  const auto nodes = builder.build();
  EXPECT_EQ(nodes[1].item_limit, 3U);
  EXPECT_EQ(nodes[2].item_limit, kAllItems);
  builder.need_items(b, kAllItems);
  builder.unify(a, b);
  EXPECT_EQ(builder.build()[1].item_limit, kAllItems);
}

TEST(ShapeBuilderTest, UnifiedShapesMayContainThemselves) {
  ShapeBuilder builder;
  const ShapeId item = builder.field(kRootShape, "item", 1);
  builder.field(item, "linkId", 2);
  const ShapeId inner = builder.field(item, "item", 1);
  builder.field(inner, "text", 3);
  builder.unify(item, inner);
  const auto nodes = builder.build();
  ASSERT_EQ(nodes.size(), 4U);  // root, item, linkId, text
  const ShapeNode& node = nodes[1];
  ASSERT_EQ(keys_of(node), (std::vector<std::string>{"linkId", "item", "text"}));
  EXPECT_EQ(node.fields[1].child, 1U);
  // An id from before the union still names the shape.
  builder.field(inner, "answer", 4);
  EXPECT_EQ(builder.build()[1].fields.size(), 4U);
}

TEST(ShapeBuilderTest, UnifyMergesAllTheWayDown) {
  ShapeBuilder builder;
  const ShapeId a = builder.field(kRootShape, "a", 1);
  const ShapeId b = builder.field(kRootShape, "b", 2);
  builder.field(builder.field(a, "x", 3), "y", 4);
  builder.field(builder.field(b, "x", 3), "z", 5);
  builder.unify(a, b);
  builder.unify(b, a);
  const auto nodes = builder.build();
  EXPECT_EQ(nodes[0].fields[0].child, nodes[0].fields[1].child);
  const ShapeNode& merged = nodes[nodes[0].fields[0].child];
  ASSERT_EQ(merged.fields.size(), 1U);
  EXPECT_THAT(keys_of(nodes[merged.fields[0].child]), testing::UnorderedElementsAre("y", "z"));
}

TEST(ShapeBuilderTest, BuiltShapesCanBeAdded) {
  ShapeBuilder first;
  first.field(first.field(kRootShape, "name", 1), "family", 2);
  ShapeBuilder second;
  second.field(second.field(kRootShape, "name", 1), "given", 3);
  second.field(kRootShape, "id", 4);
  ShapeBuilder both;
  both.add(first.build());
  both.add(second.build());
  const auto nodes = both.build();
  EXPECT_THAT(keys_of(nodes[0]), testing::UnorderedElementsAre("name", "id"));
  EXPECT_THAT(keys_of(nodes[nodes[0].fields[0].child]),
              testing::UnorderedElementsAre("family", "given"));
}

TEST(ShapeTest, KeysAreFoundByTheirLength) {
  ShapeBuilder builder;
  const std::vector<std::string> keys = {
      "id", std::string(31, 'k'), std::string(32, 'k'), std::string(33, 'k'), "a",
      "",   std::string(15, 'k'), std::string(16, 'k'), std::string(200, 'k')};
  for (const std::string& key : keys) builder.field(kRootShape, key, 1);
  const Shape shape(builder.build(), nullptr);
  const Shape::Object& root = shape.object(kRootShape);
  for (const std::string& key : keys) {
    const size_t bucket = std::min<size_t>(key.size(), 32);
    bool found = false;
    for (size_t i = root.by_length[bucket]; i < root.by_length[bucket + 1]; ++i) {
      found = found || root.keys[i].text == key;
    }
    EXPECT_TRUE(found) << key;
  }
  EXPECT_EQ(root.by_length.front(), 0U);
  EXPECT_EQ(root.by_length.back(), keys.size());
}

TEST(ShapeTest, AllSeenIsKnownForUpTo63Keys) {
  for (const size_t count : {0UL, 1UL, 63UL, 64UL, 100UL}) {
    ShapeBuilder builder;
    for (size_t i = 0; i < count; ++i) builder.field(kRootShape, "k" + std::to_string(i), 1);
    const Shape shape(builder.build(), nullptr);
    const uint64_t expected =
        count == 0 || count > 63 ? 0 : ~uint64_t{0} >> (64 - static_cast<int>(count));
    EXPECT_EQ(shape.object(kRootShape).all_seen, expected) << count;
  }
}

TEST(TapeTest, HasABound) {
  Tape tape;
  for (uint32_t i = 0; i < Tape::kMaxNodes; ++i) ASSERT_EQ(tape.append(), i);
  EXPECT_EQ(tape.append(), Tape::kMaxNodes);
  EXPECT_EQ(tape.append(), Tape::kMaxNodes);
  EXPECT_EQ(tape.size(), Tape::kMaxNodes);
  tape.clear();
  EXPECT_EQ(tape.append(), 0U);
}

TEST(TapeTest, GrowingKeepsTheNodes) {
  Tape tape;
  for (uint32_t i = 0; i < 5000; ++i) tape[tape.append()].end = i * 3;
  for (uint32_t i = 0; i < 5000; ++i) ASSERT_EQ(tape[i].end, i * 3);
}

}  // namespace
}  // namespace kiln::json
