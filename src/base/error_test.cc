#include "base/error.h"

#include <cerrno>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace kiln::base {
namespace {

Error full_error() {
  return Error(ErrorCode::kInvalid, "no such element: birthdate")
      .at({"views/a.json", 3, 17})
      .with_excerpt("Patient.birthdate", 8)
      .with_suggestion("birthDate")
      .with_path("select[0].column[1].path");
}

TEST(ErrorTest, HoldsWhatItWasGiven) {
  const Error error = full_error();
  EXPECT_EQ(error.code(), ErrorCode::kInvalid);
  EXPECT_EQ(error.message(), "no such element: birthdate");
  EXPECT_EQ(error.position(), (SourcePosition{"views/a.json", 3, 17}));
  EXPECT_EQ(error.excerpt(), "Patient.birthdate");
  EXPECT_EQ(error.caret(), 8U);
  EXPECT_EQ(error.suggestion(), "birthDate");
  EXPECT_EQ(error.path(), "select[0].column[1].path");
}

TEST(ErrorTest, CloneIsEqualAndIndependent) {
  const Error error = full_error();
  const Error copy = error.clone().in("view 'a'").at({"b", 1, 1});
  EXPECT_EQ(copy.message(), "view 'a': no such element: birthdate");
  EXPECT_EQ(copy.excerpt(), error.excerpt());
  EXPECT_EQ(copy.caret(), error.caret());
  EXPECT_EQ(copy.suggestion(), error.suggestion());
  EXPECT_EQ(copy.path(), error.path());
  EXPECT_EQ(error.message(), "no such element: birthdate");
  EXPECT_EQ(error.position().line, 3U);
}

TEST(ErrorTest, ContextsStandOutermostFirst) {
  const Error error = Error(ErrorCode::kIo, "disk full").in("part 3").in("job 7");
  EXPECT_EQ(error.message(), "job 7: part 3: disk full");
}

TEST(ErrorTest, ToStringLeavesOutWhatIsUnknown) {
  const auto shown = [](SourcePosition position) {
    return Error(ErrorCode::kInvalid, "bad").at(std::move(position)).to_string();
  };
  EXPECT_EQ(Error(ErrorCode::kInvalid, "bad").to_string(), "bad");
  EXPECT_EQ(shown({"f", 0, 0}), "f: bad");
  EXPECT_EQ(shown({"f", 2, 0}), "f:2: bad");
  EXPECT_EQ(shown({"f", 2, 9}), "f:2:9: bad");
  EXPECT_EQ(shown({"", 2, 9}), "2:9: bad");
}

TEST(ErrorTest, IoErrorsAreSortedByWhatTheCallerDoes) {
  EXPECT_EQ(io_error("open x", ENOENT).code(), ErrorCode::kNotFound);
  EXPECT_EQ(io_error("write x", EPIPE).code(), ErrorCode::kClosedPipe);
  EXPECT_EQ(io_error("write x", ENOSPC).code(), ErrorCode::kIo);
  EXPECT_EQ(io_error("open x", EACCES).code(), ErrorCode::kIo);
  EXPECT_EQ(io_error("write x", ENOSPC).message().rfind("write x: ", 0), 0U);
  EXPECT_GT(io_error("write x", ENOSPC).message().size(), std::string("write x: ").size());
}

TEST(ErrorTest, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ErrorCode::kInternal); ++i) {
    names.insert(name_of(static_cast<ErrorCode>(i)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(ErrorCode::kInternal) + 1);
  EXPECT_EQ(names.count("unknown"), 0U);
}

Result<std::unique_ptr<int>> positive(int number) {
  if (number <= 0) return Error(ErrorCode::kUsage, "not positive");
  return std::make_unique<int>(number);
}

Status check(int number) {
  KILN_TRY(positive(number));
  return {};
}

Result<int> sum(int a, int b) {
  KILN_ASSIGN(const auto x, positive(a));
  KILN_ASSIGN(const auto y, positive(b));
  return *x + *y;
}

TEST(ResultTest, MovesValuesOut) {
  auto result = positive(4);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(static_cast<bool>(result));
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 4);
}

TEST(ResultTest, MacrosReturnTheFirstError) {
  EXPECT_TRUE(check(1).ok());
  EXPECT_EQ(check(-1).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(*sum(2, 3), 5);
  EXPECT_EQ(sum(2, 0).error().message(), "not positive");
  EXPECT_FALSE(sum(0, 2).ok());
}

TEST(StatusTest, IsOkUnlessMadeOfAnError) {
  EXPECT_TRUE(Status().ok());
  const Status failed = Error(ErrorCode::kLimit, "too much");
  EXPECT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kLimit);
}

}  // namespace
}  // namespace kiln::base
