// The contract of every format: parts, limits, counts, order, and what happens on the way.
#include "output/writers.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "engine/testing/text_sink.h"
#include "sql/session.h"

namespace kiln::output {
namespace {

using table::Cell;
using table::Format;

/// Files in memory, and what became of them.
struct Kept {
  std::string bytes;
  bool finished = false;
};

class MemoryFile final : public File {
 public:
  explicit MemoryFile(Kept& kept) : kept_(kept) {}
  base::Status write(std::string_view bytes) override {
    kept_.bytes += bytes;
    return {};
  }
  base::Status finish() override {
    kept_.finished = true;
    return {};
  }
  base::FileDigest written() const override { return {kept_.bytes.size(), "digest"}; }

 private:
  Kept& kept_;
};

class MemoryFiles final : public Files {
 public:
  MemoryFiles(std::vector<std::unique_ptr<Kept>>& kept, size_t most) : kept_(kept), most_(most) {}
  base::Result<std::unique_ptr<File>> create(uint64_t part) override {
    if (kept_.size() == most_) return base::Error(base::ErrorCode::kUnavailable, "no more");
    EXPECT_TRUE(part == 0 || part == kept_.size() + 1) << part;
    kept_.push_back(std::make_unique<Kept>());
    return std::unique_ptr<File>(new MemoryFile(*kept_.back()));
  }

 private:
  std::vector<std::unique_ptr<Kept>>& kept_;
  const size_t most_;
};

class WritersTest : public testing::TestWithParam<Format> {
 protected:
  WritersTest() {
    std::string pattern = testing::TempDir() + "kiln_writers_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    writers_ = std::make_unique<Writers>(2, folder_, nullptr);
    table::ColumnType integer;
    integer.sql = table::SqlType::kInteger;
    integer.json = table::JsonForm::kNumber;
    schema_.columns = {{"n", integer, "integer", ""}, {"v", {}, "string", ""}};
  }
  ~WritersTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<RowsOutput> open(const Layout& layout, size_t most_files = SIZE_MAX) {
    auto output = writers_->open(layout, schema_, std::make_unique<MemoryFiles>(kept_, most_files));
    EXPECT_TRUE(output.ok());
    return std::move(output).value();
  }

  /// A piece of rows that go on where the last ended.
  base::Status write(RowsOutput& output, size_t rows, uint64_t limit = UINT64_MAX) {
    table::Batch batch(schema_, output.values());
    for (size_t i = 0; i < rows; ++i) {
      const std::string word = "value number " + std::to_string(next_);
      const Cell cells[] = {Cell::of(next_++),
                            Cell::of(table::Text{batch.texts().copy(word).data(),
                                                 static_cast<uint32_t>(word.size()), false})};
      batch.append_cells(0, 2, cells);
      batch.finish_row();
    }
    KILN_ASSIGN(auto piece, output.encode(batch));
    return output.write(std::move(piece), limit);
  }

  /// Which numbers a file holds, as "first-last", and that they are in order.
  std::string numbers(const Kept& kept) const {
    std::vector<int64_t> found;
    if (GetParam() == Format::kParquet) {
      found = numbers_of_parquet(kept.bytes);
    } else {
      for (int64_t i = 0; i < next_; ++i) {
        const size_t at = kept.bytes.find("value number " + std::to_string(i) + end_of_value());
        if (at != std::string::npos) found.push_back(i);
      }
    }
    if (found.empty()) return "none";
    EXPECT_EQ(found.back() - found.front() + 1, static_cast<int64_t>(found.size()));
    return std::to_string(found.front()) + "-" + std::to_string(found.back());
  }
  std::string end_of_value() const { return GetParam() == Format::kCsv ? "\n" : "\""; }

  std::vector<int64_t> numbers_of_parquet(const std::string& bytes) const {
    const std::string path = folder_ + "/read.parquet";
    std::ofstream(path, std::ios::binary) << bytes;
    auto instance = sql::Instance::open({});
    auto session = sql::Session::open(std::move(instance).value());
    const base::Status status = (*session)->execute(
        "SELECT error('<<' || coalesce(string_agg(n::VARCHAR, ' ' ORDER BY r), '') || ' >>') FROM "
        "(SELECT n, file_row_number AS r FROM read_parquet(" +
        sql::quote_literal(path) + ", file_row_number=true))");
    std::vector<int64_t> found;
    const std::string text = status.ok() ? "" : status.error().message();
    for (size_t at = text.find("<<") + 2; at < text.find(" >>"); at = text.find(' ', at) + 1) {
      found.push_back(std::stoll(text.substr(at)));
    }
    return found;
  }

  Layout layout(uint64_t part_rows = 0, bool limited = false) const {
    Layout layout;
    layout.format = GetParam();
    layout.part_rows = part_rows;
    layout.limited = limited;
    return layout;
  }

  std::string folder_;
  std::unique_ptr<Writers> writers_;
  table::Schema schema_;
  std::vector<std::unique_ptr<Kept>> kept_;
  int64_t next_ = 0;
};

TEST_P(WritersTest, WithoutRowsThereIsOneFile) {
  const auto output = open(layout(GetParam() == Format::kCsv ? 0 : 10));
  ASSERT_TRUE(output->finish().ok());
  ASSERT_EQ(kept_.size(), 1U);
  EXPECT_TRUE(kept_[0]->finished);
  EXPECT_EQ(numbers(*kept_[0]), "none");
  ASSERT_EQ(output->files().size(), 1U);
  EXPECT_EQ(output->files()[0].rows, 0U);
}

TEST_P(WritersTest, PartsAreCutBetweenRowsAtNMinusOneNAndNPlusOne) {
  for (const size_t rows : {9U, 10U, 11U, 20U, 21U}) {
    kept_.clear();
    next_ = 0;
    const auto output = open(layout(10));
    for (size_t left = rows; left != 0;) {
      const size_t now = std::min<size_t>(left, 4);
      ASSERT_TRUE(write(*output, now).ok());
      left -= now;
    }
    ASSERT_TRUE(output->finish().ok());
    ASSERT_EQ(kept_.size(), (rows + 9) / 10);
    for (size_t part = 0; part < kept_.size(); ++part) {
      const size_t last = std::min(rows, part * 10 + 10) - 1;
      EXPECT_EQ(numbers(*kept_[part]), std::to_string(part * 10) + "-" + std::to_string(last));
      EXPECT_TRUE(kept_[part]->finished);
      EXPECT_EQ(output->files()[part].part, part + 1);
      EXPECT_EQ(output->files()[part].rows, last - part * 10 + 1);
      EXPECT_EQ(output->files()[part].digest.size, kept_[part]->bytes.size());
    }
  }
}

TEST_P(WritersTest, APieceOfManyParts) {
  const auto output = open(layout(3));
  ASSERT_TRUE(write(*output, 10).ok());
  ASSERT_TRUE(output->finish().ok());
  ASSERT_EQ(kept_.size(), 4U);
  EXPECT_EQ(numbers(*kept_[2]), "6-8");
  EXPECT_EQ(numbers(*kept_[3]), "9-9");
}

TEST_P(WritersTest, ALimitCutsAPiece) {
  const auto output = open(layout(0, true));
  ASSERT_TRUE(write(*output, 5).ok());
  ASSERT_TRUE(write(*output, 5, 2).ok());
  ASSERT_TRUE(write(*output, 5, 0).ok());
  ASSERT_TRUE(output->finish().ok());
  ASSERT_EQ(kept_.size(), 1U);
  EXPECT_EQ(output->files()[0].rows, 7U);
  EXPECT_EQ(numbers(*kept_[0]), "0-6");
}

TEST_P(WritersTest, AFileThatCannotBeOpenedEndsTheOutput) {
  const auto output = open(layout(3), 1);
  base::Status status;
  for (int i = 0; i < 4 && status.ok(); ++i) status = write(*output, 2);
  if (status.ok()) status = output->finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), base::ErrorCode::kUnavailable);
}

TEST_P(WritersTest, WhatIsGivenUpIsNotFinishedAndLeavesNoScratch) {
  {
    const auto output = open(layout());
    ASSERT_TRUE(write(*output, 5).ok());
  }
  for (const auto& kept : kept_) EXPECT_FALSE(kept->finished);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

INSTANTIATE_TEST_SUITE_P(Formats, WritersTest,
                         testing::Values(Format::kNdjson, Format::kCsv, Format::kJson,
                                         Format::kFhir, Format::kParquet),
                         [](const auto& one) { return std::string(name_of(one.param)); });

TEST(LayoutTest, FileNamesAndMediaTypes) {
  Layout layout;
  layout.format = Format::kCsv;
  EXPECT_EQ(file_name("a", layout, 0), "a.csv");
  EXPECT_EQ(media_type(layout), "text/csv");
  layout.compression = Compression::kZstd;
  EXPECT_EQ(file_name("a", layout, 12), "a.part12.csv.zst");
  EXPECT_EQ(media_type(layout), "application/zstd");
  layout.compression = Compression::kGzip;
  EXPECT_EQ(file_name("a", layout, 1), "a.part1.csv.gz");
  EXPECT_EQ(media_type(layout), "application/gzip");
}

TEST(LayoutTest, EveryFormatHasItsTraits) {
  for (const Format format :
       {Format::kNdjson, Format::kCsv, Format::kJson, Format::kFhir, Format::kParquet}) {
    EXPECT_EQ(traits_of(format).format, format);
  }
  EXPECT_EQ(compression_of("gzip"), Compression::kGzip);
  EXPECT_EQ(compression_of("bzip2"), std::nullopt);
}

TEST(WritersMemoryTest, DuckDbLeavesRoomForAJobAndForRequests) {
  Layout parquet;
  parquet.format = Format::kParquet;
  // Taken for good, and what DuckDB gets of 800.
  for (const auto& [taken, part] : {std::pair<uint64_t, uint64_t>{0, 400},
                                    {99, 400},
                                    {100, 400},
                                    {101, 399},
                                    {400, 100},
                                    {499, 1},
                                    {500, 0},
                                    {501, 0}}) {
    base::MemoryBudget budget(800);
    ASSERT_TRUE(budget.take(taken));
    Writers writers(1, "", &budget);
    ASSERT_NE(writers.common_memory(parquet), nullptr);
    EXPECT_EQ(writers.common_memory(parquet)->bytes(), part) << taken;
    EXPECT_EQ(writers.common_memory({}), nullptr) << "text draws as it is made";
    EXPECT_EQ(budget.taken(), taken) << "until an output is opened";
  }
}

}  // namespace
}  // namespace kiln::output
