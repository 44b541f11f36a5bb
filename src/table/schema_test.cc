#include "table/schema.h"

#include <string>

#include <gtest/gtest.h>

#include "json/document.h"

namespace kiln::table {
namespace {

std::string parsed(std::string_view text) {
  const auto type = parse_ansi_type(text);
  return type ? sql_name(*type) : "none";
}

TEST(SchemaTest, AnsiNamesInAnyCaseAndSpacing) {
  EXPECT_EQ(parsed("BOOLEAN"), "BOOLEAN");
  EXPECT_EQ(parsed("int"), "INTEGER");
  EXPECT_EQ(parsed("BigInt"), "BIGINT");
  EXPECT_EQ(parsed(" double \t precision "), "DOUBLE PRECISION");
  EXPECT_EQ(parsed("float(24)"), "DOUBLE PRECISION");
  EXPECT_EQ(parsed("tinyint"), "TINYINT");
  EXPECT_EQ(parsed("varchar"), "VARCHAR");
  EXPECT_EQ(parsed("timestamp with time zone"), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(parsed("TIMESTAMP"), "TIMESTAMP");
  EXPECT_EQ(parsed("binary large object"), "BINARY");
}

TEST(SchemaTest, DecimalsHavePrecisionAndScale) {
  EXPECT_EQ(parsed("DECIMAL"), "DECIMAL(38,9)");
  EXPECT_EQ(parsed("NUMERIC"), "DECIMAL(38,9)");
  EXPECT_EQ(parsed("numeric(5)"), "DECIMAL(5,0)");
  EXPECT_EQ(parsed("decimal( 10 , 2 )"), "DECIMAL(10,2)");
  EXPECT_EQ(parsed("DEC(38,38)"), "DECIMAL(38,38)");
  for (const std::string_view text :
       {"DECIMAL(39,0)", "DECIMAL(0,0)", "DECIMAL(5,6)", "DECIMAL(-1)", "DECIMAL(5,-1)",
        "DECIMAL(a)", "DECIMAL(5,)", "DECIMAL(,2)", "DECIMAL(1,2,3)", "DECIMAL(99999999999)"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

TEST(SchemaTest, LengthsAndPrecisionsAreShown) {
  EXPECT_EQ(parsed("varchar(4)"), "VARCHAR(4)");
  EXPECT_EQ(parsed("CHARACTER VARYING ( 20 )"), "VARCHAR(20)");
  EXPECT_EQ(parsed("char(1)"), "VARCHAR(1)");
  EXPECT_EQ(parsed("varbinary(16)"), "BINARY(16)");
  EXPECT_EQ(parsed("timestamp(3)"), "TIMESTAMP(3)");
  EXPECT_EQ(parsed("TIMESTAMP(0)"), "TIMESTAMP(0)");
  EXPECT_EQ(parsed("timestamp(6)"), "TIMESTAMP");
  EXPECT_EQ(parsed("timestamp(3) with time zone"), "TIMESTAMP(3) WITH TIME ZONE");
  EXPECT_EQ(parsed("time (0)"), "TIME(0)");
  for (const std::string_view text :
       {"VARCHAR(0)", "VARCHAR(-1)", "VARCHAR(4294967296)", "VARCHAR(1,2)", "VARCHAR()",
        "VARCHAR(4", "VARCHAR(4)(5)", "VARCHAR 4)", "TEXT(4)", "BINARY(0)", "TIMESTAMP(7)",
        "TIME(9)", "DATE(3)", "INTEGER(5)", "BOOLEAN(1)", "DOUBLE PRECISION(3)", "FLOAT(54)",
        "FLOAT(0)"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

TEST(SchemaTest, OtherNamesAreNotUnderstood) {
  for (const std::string_view text : {"", " ", "JSON", "VARCHAR[]", "INTERVAL", "TIMESTAMP WITH",
                                      "INTEGER UNSIGNED", "(10)", "\xC3\x84"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

TEST(SchemaTest, FhirTypesHaveDefaults) {
  EXPECT_EQ(sql_name(default_type("boolean")), "BOOLEAN");
  EXPECT_EQ(sql_name(default_type("positiveInt")), "INTEGER");
  EXPECT_EQ(sql_name(default_type("integer64")), "BIGINT");
  EXPECT_EQ(sql_name(default_type("instant")), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(sql_name(default_type("base64Binary")), "BINARY");
  EXPECT_EQ(sql_name(default_type("decimal")), "VARCHAR");
  EXPECT_EQ(sql_name(default_type("date")), "VARCHAR");
  EXPECT_EQ(sql_name(default_type("")), "VARCHAR");
  EXPECT_EQ(default_type("decimal").json, JsonForm::kNumber);
  EXPECT_EQ(default_type("integer").json, JsonForm::kNumber);
  EXPECT_EQ(default_type("boolean").json, JsonForm::kBoolean);
  EXPECT_EQ(default_type("code").json, JsonForm::kString);
}

TEST(SchemaTest, OnlyBooleansAndWholeNumbersAreNotText) {
  EXPECT_EQ(storage_of(SqlType::kBoolean, Values::kText), Storage::kBoolean);
  EXPECT_EQ(storage_of(SqlType::kBigInt, Values::kText), Storage::kInteger);
  EXPECT_EQ(storage_of(SqlType::kSmallInt, Values::kText), Storage::kInteger);
  EXPECT_EQ(storage_of(SqlType::kDecimal, Values::kText), Storage::kText);
  EXPECT_EQ(storage_of(SqlType::kDouble, Values::kText), Storage::kText);
  EXPECT_EQ(storage_of(SqlType::kTimestampTz, Values::kText), Storage::kText);
}

TEST(SchemaTest, IdentifiersAreQuotedUnlessPlain) {
  EXPECT_EQ(quote_identifier("patient_id2"), "patient_id2");
  EXPECT_EQ(quote_identifier("patientId"), "\"patientId\"");
  for (const char* const word : {"at", "asof", "group", "order", "zone_is_none"}) {
    const bool plain = std::string_view(word) == "zone_is_none";
    EXPECT_EQ(quote_identifier(word), plain ? word : "\"" + std::string(word) + "\"");
  }
  EXPECT_EQ(quote_identifier("2nd"), "\"2nd\"");
  EXPECT_EQ(quote_identifier("_x"), "\"_x\"");
  EXPECT_EQ(quote_identifier(""), "\"\"");
  EXPECT_EQ(quote_identifier("a\"; DROP TABLE b; --"), "\"a\"\"; DROP TABLE b; --\"");
}

Schema two_columns() {
  ColumnType list = default_type("string");
  list.list = true;
  return {{{"id", default_type("id"), "id", ""},
           {"Given \"names\"", list, "string", "All of\nthem"},
           {"n", default_type("integer"), "", ""}}};
}

TEST(SchemaTest, CreateTable) {
  EXPECT_EQ(create_table("Patients", two_columns()),
            "CREATE TABLE \"Patients\" (\n"
            "  id VARCHAR,\n"
            "  \"Given \"\"names\"\"\" VARCHAR[],\n"
            "  n INTEGER\n"
            ");\n");
}

TEST(SchemaTest, Json) {
  const auto document = json::Document::parse(schema_json(two_columns()), "schema");
  ASSERT_TRUE(document.ok());
  const auto columns = (*document)->root().items();
  ASSERT_EQ(columns.size(), 3U);
  EXPECT_EQ(columns[0]["fhirType"].text(), "id");
  EXPECT_FALSE(columns[0]["collection"].boolean());
  EXPECT_EQ(columns[1]["name"].text(), "Given \"names\"");
  EXPECT_EQ(columns[1]["type"].text(), "VARCHAR[]");
  EXPECT_TRUE(columns[1]["collection"].boolean());
  EXPECT_EQ(columns[1]["description"].text(), "All of\nthem");
  EXPECT_TRUE(columns[2]["fhirType"].missing());
}

}  // namespace
}  // namespace kiln::table
