#include "fhir/key_names.h"

#include <string>

#include <gtest/gtest.h>

namespace kiln::fhir {
namespace {

TEST(KeyNamesTest, FindsEveryNameAndItsSibling) {
  const KeyNames names;
  for (size_t i = 1; i < name_count(); ++i) {
    const auto id = static_cast<NameId>(i);
    const std::string text(text_of(id));
    ASSERT_EQ(names.find(text), id) << text;
    ASSERT_EQ(names.find("_" + text), id | kSiblingFlag) << text;
  }
}

TEST(KeyNamesTest, KnowsNothingElse) {
  const KeyNames names;
  for (const std::string_view key :
       {"", "_", "__birthDate", "birthdate", "birthDate ", "no such key", "\xFF"}) {
    EXPECT_EQ(names.find(key), kNoName) << key;
  }
  EXPECT_EQ(names.find(std::string(1 << 20, 'x')), kNoName);
}

}  // namespace
}  // namespace kiln::fhir
