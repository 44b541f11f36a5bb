#include "engine/rows_stream.h"

#include <gtest/gtest.h>

#include "base/thread.h"

namespace kiln::engine {
namespace {

class RowsStreamTest : public testing::Test {
 protected:
  RowsStreamTest() {
    table::ColumnType type;
    type.sql = table::SqlType::kBigInt;
    schema_.columns = {{"n", type, "", ""}};
    stream_ = std::make_unique<RowsStream>(schema_);
  }

  std::unique_ptr<RowsPiece> piece(int64_t first, size_t rows) const {
    table::Batch batch(schema_, table::Values::kTyped);
    for (size_t i = 0; i < rows; ++i) {
      const table::Cell cell = table::Cell::of(first + static_cast<int64_t>(i));
      batch.append_cells(0, 1, &cell);
      batch.finish_row();
    }
    return std::unique_ptr<RowsPiece>(static_cast<RowsPiece*>(take_piece(batch).release()));
  }

  /// "5 6 7", "" at the end, or the error.
  std::string pull() {
    ArrowArray array{};
    ArrowArrayStream* const face = stream_->face();
    if (face->get_next(face, &array) != 0) return face->get_last_error(face);
    if (array.release == nullptr) return "";
    std::string text;
    const ArrowArray& column = *array.children[0];
    const auto* const values = static_cast<const int64_t*>(column.buffers[1]) + column.offset;
    for (int64_t i = 0; i < array.length; ++i) {
      text += (text.empty() ? "" : " ") + std::to_string(values[i]);
    }
    array.release(&array);
    return text;
  }

  table::Schema schema_;
  std::unique_ptr<RowsStream> stream_;
};

TEST_F(RowsStreamTest, PiecesComeInOrderThenTheEnd) {
  auto first = piece(1, 5);
  auto rest = first->split(2);
  ASSERT_TRUE(stream_->push(std::move(first)));
  ASSERT_TRUE(stream_->push(rest->split(1) ? std::move(rest) : nullptr));
  stream_->end();
  EXPECT_EQ(pull(), "1 2");
  EXPECT_EQ(pull(), "3");
  EXPECT_EQ(pull(), "");
  EXPECT_EQ(pull(), "");
}

TEST_F(RowsStreamTest, ALimitLeavesTheFirstRows) {
  ASSERT_TRUE(stream_->push(piece(1, 3), 2));
  ASSERT_TRUE(stream_->push(piece(4, 2), 2));
  ASSERT_TRUE(stream_->push(piece(6, 1), 2));
  EXPECT_EQ(pull(), "1 2");
  EXPECT_EQ(pull(), "4 5");
  EXPECT_EQ(pull(), "6");
}

TEST_F(RowsStreamTest, ASchemaOwnsNothing) {
  ArrowArrayStream* const face = stream_->face();
  for (int i = 0; i < 2; ++i) {
    ArrowSchema schema{};
    ASSERT_EQ(face->get_schema(face, &schema), 0);
    EXPECT_STREQ(schema.children[0]->name, "n");
    schema.release(&schema);
  }
}

TEST_F(RowsStreamTest, AFailureIsToldToBothSides) {
  ASSERT_TRUE(stream_->push(piece(1, 1)));
  stream_->fail(base::Error(base::ErrorCode::kInvalid, "line 7 is bad"));
  stream_->close();
  EXPECT_EQ(pull(), "line 7 is bad");
  EXPECT_FALSE(stream_->push(piece(2, 1)));
}

TEST_F(RowsStreamTest, WhoPushesWaitsForRoomAndIsFreedByTheEnd) {
  for (const bool pulled : {true, false}) {
    stream_ = std::make_unique<RowsStream>(schema_);
    int64_t pushed = 0;
    bool ended = false;
    auto thread = base::start_thread(
        [&] {
          while (pushed < 100 && stream_->push(piece(pushed, 1))) ++pushed;
          ended = pushed < 100;
          stream_->end();
        },
        [](const base::Error&) {});
    ASSERT_TRUE(thread.ok());
    if (pulled) {
      for (int64_t i = 0; i < 100; ++i) ASSERT_EQ(pull(), std::to_string(i));
      EXPECT_EQ(pull(), "");
    } else {
      EXPECT_EQ(pull(), "0");
      stream_->close();
    }
    thread->join();
    EXPECT_EQ(ended, !pulled);
  }
}

}  // namespace
}  // namespace kiln::engine
