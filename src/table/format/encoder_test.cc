#include "table/format/encoder.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "json/document.h"

namespace kiln::table {
namespace {

Cell text(std::string_view view, bool plain = false) {
  return Cell::of(Text{view.data(), static_cast<uint32_t>(view.size()), plain});
}

Column column(std::string name, std::string_view fhir_type, bool list = false) {
  ColumnType type = default_type(fhir_type);
  type.list = list;
  return {std::move(name), type, std::string(fhir_type), ""};
}

std::string encoded(Format format, const Schema& schema, const std::vector<std::vector<Cell>>& rows,
                    EncodeOptions options = {}, std::vector<size_t>* row_ends = nullptr) {
  Batch batch(schema);
  for (const std::vector<Cell>& row : rows) {
    batch.append_cells(0, row.size(), row.data());
    batch.finish_row();
  }
  const auto encoder = make_encoder(format, schema, options);
  std::string out = encoder->prefix();
  encoder->encode(batch, out, row_ends);
  return out + std::string(encoder->suffix());
}

/// One field of a CSV line without its header.
std::string csv_field(std::string_view value, bool guard = false, bool plain = false) {
  const std::string line = encoded(Format::kCsv, {{column("a", "string"), column("b", "string")}},
                                   {{text(value, plain), Cell()}}, {false, guard});
  EXPECT_EQ(line.substr(line.size() - 2), ",\n");
  return line.substr(0, line.size() - 2);
}

/// The fields of an RFC 4180 text; nothing for a NULL.
std::vector<std::vector<std::optional<std::string>>> read_csv(std::string_view csv) {
  std::vector<std::vector<std::optional<std::string>>> rows(1);
  for (size_t at = 0; at < csv.size();) {
    std::optional<std::string> field;
    if (csv[at] == '"') {
      field.emplace();
      for (++at; csv[at] != '"' || csv.substr(at + 1, 1) == "\""; ++at) {
        if (csv[at] == '"') ++at;
        *field += csv[at];
      }
      ++at;
    } else {
      while (csv[at] != ',' && csv[at] != '\n') {
        if (!field) field.emplace();
        *field += csv[at++];
      }
    }
    rows.back().push_back(field);
    if (csv[at] == '\n' && at + 1 < csv.size()) rows.emplace_back();
    ++at;
  }
  return rows;
}

TEST(CsvTest, HeaderAndValues) {
  const Schema schema{{column("id", "id"), column("n", "integer"), column("ok", "boolean")}};
  const std::vector<std::vector<Cell>> rows = {{text("a"), Cell::of(int64_t{-3}), Cell::of(true)},
                                               {Cell(), Cell(), Cell()},
                                               {text(""), Cell::of(INT64_MIN), Cell::of(false)}};
  EXPECT_EQ(encoded(Format::kCsv, schema, rows),
            "id,n,ok\na,-3,true\n,,\n\"\",-9223372036854775808,false\n");
  EXPECT_EQ(encoded(Format::kCsv, schema, {}, {false, false}), "");
  EXPECT_EQ(encoded(Format::kCsv, schema, {}), "id,n,ok\n");
}

TEST(CsvTest, QuotesWhatRfc4180SaysMustBe) {
  EXPECT_EQ(csv_field("plain text; with 'things' | in\tit"), "plain text; with 'things' | in\tit");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
  EXPECT_EQ(csv_field("a\rb"), "\"a\rb\"");
  EXPECT_EQ(csv_field("\""), "\"\"\"\"");
  EXPECT_EQ(csv_field("M\xC3\xBCller"), "M\xC3\xBCller");
  EXPECT_EQ(csv_field(""), "\"\"");
}

TEST(CsvTest, FindsSpecialBytesAtEveryPlaceOfEveryLength) {
  for (size_t size = 1; size < 40; ++size) {
    const std::string clean(size, 'x');
    ASSERT_EQ(csv_field(clean), clean);
    for (size_t at = 0; at < size; ++at) {
      for (const char special : {',', '"', '\n', '\r'}) {
        std::string value = clean;
        value[at] = special;
        std::string expected = value;
        if (special == '"') expected.insert(at, 1, '"');
        ASSERT_EQ(csv_field(value), '"' + expected + '"') << size << " " << at;
      }
    }
    std::string comma = clean;
    comma[size - 1] = ',';
    ASSERT_EQ(csv_field(comma, false, true), '"' + comma + '"');
  }
}

TEST(CsvTest, BytesAreReadBackAsTheyWere) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  const Schema schema{{column("a,\"b\"\n", "string"), column("c", "string")}};
  const std::string quotes(1000, '"');
  const auto rows =
      read_csv(encoded(Format::kCsv, schema, {{text(all), text("")}, {Cell(), text(quotes)}}));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0][0], "a,\"b\"\n");
  EXPECT_EQ(rows[1][0], all);
  EXPECT_EQ(rows[1][1], "");
  EXPECT_EQ(rows[2][0], std::nullopt);
  EXPECT_EQ(rows[2][1], quotes);
}

TEST(CsvTest, TheGuardKeepsSpreadsheetsFromRunningValues) {
  for (const std::string value : {"=1+1", "+1", "-1", "@x", "\tx", "\rx", "="}) {
    EXPECT_EQ(csv_field(value, true), "\"'" + value + "\"") << value;
    EXPECT_NE(csv_field(value, false).find(value), std::string::npos);
    EXPECT_EQ(csv_field(value, false).find('\''), std::string::npos);
  }
  EXPECT_EQ(csv_field("a=1", true), "a=1");
  EXPECT_EQ(csv_field("=\"x\"", true), "\"'=\"\"x\"\"\"");
  EXPECT_EQ(csv_field("", true), "\"\"");
  const Schema schema{{column("=cmd", "string"), column("n", "integer")}};
  EXPECT_EQ(encoded(Format::kCsv, schema, {{Cell(), Cell::of(int64_t{-5})}}, {true, true}),
            "\"'=cmd\",n\n,-5\n");
}

TEST(CsvTest, HasNoLists) {
  const Schema schema{{column("id", "id"), column("names", "string", true)}};
  const auto status = check_format(Format::kCsv, schema);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), base::ErrorCode::kUnsupported);
  EXPECT_NE(status.error().message().find("'names'"), std::string::npos);
  EXPECT_TRUE(check_format(Format::kNdjson, schema).ok());
  EXPECT_TRUE(check_format(Format::kJson, schema).ok());
  EXPECT_TRUE(check_format(Format::kParquet, schema).ok());
}

TEST(NdjsonTest, ValuesInTheirJsonForms) {
  const Schema schema{{column("s", "string"), column("n", "integer"), column("b", "boolean"),
                       column("d", "decimal"), column("t", "dateTime")}};
  EXPECT_EQ(
      encoded(Format::kNdjson, schema,
              {{text("x"), Cell::of(INT64_MAX), Cell::of(true), text("1.50"), text("2024-01")},
               {Cell(), Cell(), Cell(), Cell(), Cell()}}),
      "{\"s\":\"x\",\"n\":9223372036854775807,\"b\":true,\"d\":1.50,\"t\":\"2024-01\"}\n"
      "{\"s\":null,\"n\":null,\"b\":null,\"d\":null,\"t\":null}\n");
}

TEST(NdjsonTest, TextsAndNamesAreEscaped) {
  const std::string hostile = "q\" b\\ n\n \x01 \xC3\xA9";
  const Schema schema{{column("k\"\n", "string")}};
  const std::string line = encoded(Format::kNdjson, schema, {{text(hostile)}});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto document = json::Document::parse(line, "line");
  ASSERT_TRUE(document.ok());
  EXPECT_EQ((*document)->root()["k\"\n"].text(), hostile);
}

TEST(NdjsonTest, PlainTextsAreCopied) {
  const Schema schema{{column("k", "string")}};
  EXPECT_EQ(encoded(Format::kNdjson, schema, {{text("M\xC3\xBCller", true)}}),
            "{\"k\":\"M\xC3\xBCller\"}\n");
}

TEST(NdjsonTest, Lists) {
  const Schema schema{{column("s", "string", true), column("d", "decimal", true)}};
  const std::vector<Cell> texts = {text("a"), Cell(), text("b\"")};
  const std::vector<Cell> decimals = {text("1.0"), text("-2e3")};
  EXPECT_EQ(encoded(Format::kNdjson, schema,
                    {{Cell::of_list(texts.data(), 3), Cell::of_list(decimals.data(), 2)},
                     {Cell(), Cell::of_list(nullptr, 0)}}),
            "{\"s\":[\"a\",null,\"b\\\"\"],\"d\":[1.0,-2e3]}\n{\"s\":null,\"d\":[]}\n");
}

TEST(NdjsonTest, RowsWithoutColumns) {
  EXPECT_EQ(encoded(Format::kNdjson, {}, {{}, {}}), "{}\n{}\n");
}

TEST(JsonTest, IsOneArray) {
  const Schema schema{{column("n", "integer")}};
  EXPECT_EQ(encoded(Format::kJson, schema, {}), "[]\n");
  EXPECT_EQ(encoded(Format::kJson, schema, {{Cell::of(int64_t{1})}, {Cell::of(int64_t{2})}}),
            "[{\"n\":1},\n{\"n\":2}]\n");
  const auto encoder = make_encoder(Format::kJson, schema, {});
  EXPECT_EQ(encoder->prefix(), "[");
  EXPECT_EQ(encoder->separator(), ",\n");
}

TEST(EncoderTest, RowEndsCutThePieceBetweenRows) {
  const Schema schema{{column("n", "integer")}};
  const std::vector<std::vector<Cell>> rows = {
      {Cell::of(int64_t{1})}, {Cell::of(int64_t{22})}, {Cell()}};
  for (const Format format : {Format::kCsv, Format::kNdjson, Format::kJson}) {
    std::vector<size_t> ends;
    const std::string all = encoded(format, schema, rows, {true, false}, &ends);
    ASSERT_EQ(ends.size(), 3U);
    for (size_t count = 1; count <= 3; ++count) {
      const std::vector<std::vector<Cell>> some(rows.begin(),
                                                rows.begin() + static_cast<ptrdiff_t>(count));
      const std::string cut = encoded(format, schema, some);
      const auto suffix = make_encoder(format, schema, {})->suffix();
      EXPECT_EQ(all.substr(0, ends[count - 1]) + std::string(suffix), cut) << name_of(format);
    }
  }
}

TEST(EncoderTest, PiecesAreAppended) {
  const Schema schema{{column("n", "integer")}};
  Batch batch(schema);
  const Cell cell = Cell::of(int64_t{7});
  batch.append_cells(0, 1, &cell);
  batch.finish_row();
  for (const Format format : {Format::kCsv, Format::kNdjson, Format::kJson}) {
    std::string out = "before";
    make_encoder(format, schema, {})->encode(batch, out, nullptr);
    EXPECT_EQ(out.rfind("before", 0), 0U);
    EXPECT_NE(out.find('7'), std::string::npos);
  }
}

TEST(FormatTest, NamesMediaTypesAndFileEndings) {
  for (const Format format : {Format::kNdjson, Format::kCsv, Format::kJson, Format::kParquet}) {
    EXPECT_EQ(format_of(name_of(format)), format);
    EXPECT_EQ(format_of(media_type(format)), format);
    EXPECT_EQ(format_of_file("a/b.c." + std::string(name_of(format))), format);
  }
  EXPECT_EQ(format_of("application/fhir+ndjson"), Format::kNdjson);
  EXPECT_EQ(format_of_file("out.csv.gz"), Format::kCsv);
  EXPECT_EQ(format_of_file("out.ndjson.zst"), Format::kNdjson);
  EXPECT_EQ(format_of("CSV"), std::nullopt);
  EXPECT_EQ(format_of(""), std::nullopt);
  EXPECT_EQ(format_of_file("csv"), std::nullopt);
  EXPECT_EQ(format_of_file("out.txt"), std::nullopt);
  EXPECT_EQ(format_of_file(".gz"), std::nullopt);
  EXPECT_EQ(format_of_file(""), std::nullopt);
}

}  // namespace
}  // namespace kiln::table
