// Fewer columns and rows of a view are those of the whole view.
#include "view/compiled_for_test.h"

namespace kiln::view {
namespace {

using table::Test;
using Op = Test::Op;

const std::vector<std::string> kLines = {
    R"({"resourceType":"Patient","id":"a","active":true,"gender":"male",)"
    R"("name":[{"family":"A","use":"usual","given":["x","y"]},{"family":"B","given":["z"]}],)"
    R"("telecom":[{"value":"1"}]})",
    R"({"resourceType":"Patient","id":"b","gender":"female","name":[{"use":"old"}]})",
    R"({"resourceType":"Patient","id":"c"})"};

class NarrowedTest : public testing::Test {
 protected:
  void compile(std::string_view selects) {
    Compiled compiled = compile_view(patient_view(selects));
    ASSERT_TRUE(compiled.view) << testing::PrintToString(
        Compiled::describe(compiled.problems.errors));
    view_ = compiled.view;
  }
  size_t column(std::string_view name) const {
    const std::vector<table::Column>& columns = view_->schema().columns;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].name == name) return i;
    }
    ADD_FAILURE() << name;
    return 0;
  }
  /// Of the columns, in the schema's order.
  std::string rows(const std::vector<std::string>& columns,
                   const std::vector<table::Condition>& conditions) const {
    table::Wanted wanted{{}, conditions};
    for (const std::string& name : columns) wanted.columns.push_back(column(name));
    auto narrowed = view_->narrowed(wanted, {});
    EXPECT_TRUE(narrowed.ok());
    return rows_of(**narrowed, kLines);
  }
  table::Condition is(std::string_view name, std::string value) const {
    return {column(name), {{Op::kEqual, std::move(value)}}};
  }
  table::Condition is_null(std::string_view name) const { return {column(name), {{Op::kIsNull}}}; }

  ViewPtr view_;
};

TEST_F(NarrowedTest, ColumnsOfTheResource) {
  compile(R"([{"column":[{"name":"id","path":"id"},{"name":"gender","path":"gender"},
                         {"name":"active","path":"active","type":"boolean"}]}])");
  EXPECT_EQ(rows({"id", "gender"}, {}),
            "{\"id\":\"a\",\"gender\":\"male\"}\n{\"id\":\"b\",\"gender\":\"female\"}\n"
            "{\"id\":\"c\",\"gender\":null}\n");
  EXPECT_EQ(rows({"id", "gender"}, {is("gender", "female")}),
            "{\"id\":\"b\",\"gender\":\"female\"}\n");
  EXPECT_EQ(rows({"id", "gender"}, {is_null("gender"), is("id", "c")}),
            "{\"id\":\"c\",\"gender\":null}\n");
  EXPECT_EQ(rows({"id", "active"}, {{column("active"), {{Op::kEqual, true}}}}),
            "{\"id\":\"a\",\"active\":true}\n");
  EXPECT_EQ(rows({"id", "gender"},
                 {{column("gender"), {{Op::kEqual, std::string("male")}, {Op::kIsNull}}}}),
            "{\"id\":\"a\",\"gender\":\"male\"}\n{\"id\":\"c\",\"gender\":null}\n");
}

TEST_F(NarrowedTest, ColumnsOfElements) {
  compile(R"([{"column":[{"name":"id","path":"id"}]},
              {"forEach":"name","column":[{"name":"use","path":"use"},{"name":"family","path":"family"}],
               "select":[{"forEach":"given","column":[{"name":"given","path":"$this"}]}]}])");
  EXPECT_EQ(rows({"id", "family", "given"}, {is("family", "B")}),
            "{\"id\":\"a\",\"family\":\"B\",\"given\":\"z\"}\n");
  EXPECT_EQ(rows({"id", "given"}, {is("given", "y")}), "{\"id\":\"a\",\"given\":\"y\"}\n");
  EXPECT_EQ(rows({"id", "given"}, {is("given", "no")}), "");
  EXPECT_EQ(rows({"id", "use", "given"}, {is("id", "a"), is_null("use")}),
            "{\"id\":\"a\",\"use\":null,\"given\":\"z\"}\n");
}

/// Rows that are not wanted are no reason for a row of nulls.
TEST_F(NarrowedTest, NullsWhereThereIsNothing) {
  compile(R"([{"column":[{"name":"id","path":"id"}]},
              {"forEachOrNull":"name","column":[{"name":"family","path":"family"},
                                                {"name":"index","path":"%rowIndex","type":"integer"}]}])");
  EXPECT_EQ(rows({"id", "family"}, {is("family", "A")}), "{\"id\":\"a\",\"family\":\"A\"}\n");
  EXPECT_EQ(rows({"id", "family"}, {is_null("family")}),
            "{\"id\":\"b\",\"family\":null}\n{\"id\":\"c\",\"family\":null}\n");
  EXPECT_EQ(rows({"id", "family"}, {is("id", "c"), is("family", "A")}), "");
  EXPECT_EQ(rows({"id", "index"}, {{column("index"), {{Op::kGreater, int64_t{0}}}}}),
            "{\"id\":\"a\",\"index\":1}\n");
  EXPECT_EQ(rows({"id", "index"}, {{column("index"), {{Op::kEqual, int64_t{0}}}}}),
            "{\"id\":\"a\",\"index\":0}\n{\"id\":\"b\",\"index\":0}\n{\"id\":\"c\",\"index\":0}\n");
}

TEST_F(NarrowedTest, BranchesOfAUnion) {
  compile(R"([{"column":[{"name":"id","path":"id"}],
               "unionAll":[{"forEach":"name","column":[{"name":"v","path":"family"},{"name":"k","path":"use"}]},
                           {"forEach":"telecom","column":[{"name":"v","path":"value"},{"name":"k","path":"use"}]},
                           {"column":[{"name":"v","path":"gender"},{"name":"k","path":"id"}]}]}])");
  EXPECT_EQ(rows({"id", "v"}, {is("v", "1")}), "{\"id\":\"a\",\"v\":\"1\"}\n");
  EXPECT_EQ(rows({"id", "v"}, {is("v", "female")}), "{\"id\":\"b\",\"v\":\"female\"}\n");
  EXPECT_EQ(rows({"id", "v", "k"}, {is_null("k")}),
            "{\"id\":\"a\",\"v\":\"B\",\"k\":null}\n{\"id\":\"a\",\"v\":\"1\",\"k\":null}\n");
}

TEST_F(NarrowedTest, SelectsSideBySide) {
  compile(R"([{"forEach":"name","column":[{"name":"family","path":"family"}]},
              {"forEach":"name.given","column":[{"name":"given","path":"$this"}]},
              {"column":[{"name":"id","path":"id"}]}])");
  EXPECT_EQ(rows({"family", "given", "id"}, {is("family", "B"), is("given", "x")}),
            "{\"family\":\"B\",\"given\":\"x\",\"id\":\"a\"}\n");
}

/// What cannot be had is an error where there is a row, whatever is looked at first.
TEST_F(NarrowedTest, AConditionIsNoErrorWhereThereIsNoRow) {
  compile(R"([{"forEach":"telecom","column":[{"name":"value","path":"value"}]},
              {"column":[{"name":"family","path":"name.family"},{"name":"id","path":"id"}]}])");
  EXPECT_NE(rows({"value", "family"}, {is("family", "A")}).find("2 values"), std::string::npos);
  compile(R"([{"forEach":"contact","column":[{"name":"gender","path":"gender"}]},
              {"column":[{"name":"family","path":"name.family"},{"name":"id","path":"id"}]}])");
  EXPECT_EQ(rows({"gender", "family"}, {is("family", "A")}), "");
  compile(R"([{"forEach":"$this","column":[{"name":"family","path":"name.family"}],
               "select":[{"forEach":"contact","column":[{"name":"gender","path":"gender"}]}]}])");
  EXPECT_EQ(rows({"gender", "family"}, {is("family", "A")}), "");
}

/// What nobody wants is not evaluated.
TEST_F(NarrowedTest, OtherColumnsOfARowThatIsNotWantedAreLeftAlone) {
  compile(R"([{"column":[{"name":"given","path":"name.given"},{"name":"id","path":"id"}]}])");
  EXPECT_EQ(rows({"given", "id"}, {is("id", "c")}), "{\"given\":null,\"id\":\"c\"}\n");
  EXPECT_NE(rows({"given", "id"}, {is("id", "a")}).find("3 values"), std::string::npos);
}

}  // namespace
}  // namespace kiln::view
