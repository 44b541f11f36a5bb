#include "app/terminal_table.h"

#include <algorithm>
#include <string>
#include <vector>

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/visible_text.h"

namespace kiln::app {
namespace {

/// Rows that are held back to choose the widths.
constexpr size_t kSampleRows = 200;
constexpr size_t kWidestColumn = 60;
constexpr size_t kNarrowestColumn = 4;
constexpr std::string_view kGap = "  ";

using base::shown_width;

/// Cut to `width` characters, an ellipsis as the last one.
std::string cut(std::string_view text, size_t width) {
  if (shown_width(text) <= width) return std::string(text);
  size_t at = 0;
  for (size_t shown = 0; shown + 1 < width && at < text.size(); ++shown) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return std::string(text.substr(0, at)) + "…";
}

void append_line(std::string& out, const std::vector<std::string>& cells,
                 const std::vector<size_t>& widths) {
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string text = cut(cells[i], widths[i]);
    out += text;
    if (i + 1 < cells.size()) {
      out.append(widths[i] - shown_width(text), ' ');
      out += kGap;
    }
  }
  out += '\n';
}

std::vector<size_t> choose_widths(const std::vector<std::vector<std::string>>& lines,
                                  size_t width) {
  std::vector<size_t> widths(lines.empty() ? 0 : lines[0].size(), 0);
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(kWidestColumn, shown_width(line[i])));
    }
  }
  const auto total = [&] {
    size_t sum = widths.empty() ? 0 : (widths.size() - 1) * kGap.size();
    for (const size_t w : widths) sum += w;
    return sum;
  };
  // The widest columns give way first.
  while (width != 0 && total() > width) {
    auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= kNarrowestColumn) break;
    --*widest;
  }
  return widths;
}

std::string cell_text(const table::ColumnVector& column, size_t row) {
  if (!column.is_valid(row)) return "";
  if (column.is_list()) {
    std::string text = "[";
    for (uint32_t i = column.list_begin(row); i < column.list_begin(row + 1); ++i) {
      if (text.size() > 1) text += ", ";
      text += cell_text(column.items(), i);
    }
    return text + "]";
  }
  switch (column.storage()) {
    case table::Storage::kBoolean:
      return column.boolean(row) ? "true" : "false";
    case table::Storage::kInteger:
      return std::to_string(column.integer(row));
    default:
      break;
  }
  return base::visible_text(column.text(row).view());
}

class LinesPiece final : public engine::Piece {
 public:
  std::vector<std::vector<std::string>> lines;
};

class TerminalTable final : public engine::Output {
 public:
  TerminalTable(const table::Schema& schema, std::unique_ptr<engine::ByteSink> sink, size_t width)
      : sink_(std::move(sink)), width_(width) {
    std::vector<std::string> head;
    for (const table::Column& column : schema.columns)
      head.push_back(base::visible_text(column.name));
    held_.push_back(std::move(head));
  }

  base::Result<std::unique_ptr<engine::Piece>> encode(table::Batch& batch) override {
    auto piece = std::make_unique<LinesPiece>();
    for (size_t row = 0; row < batch.rows(); ++row) {
      std::vector<std::string> line;
      for (size_t i = 0; i < batch.column_count(); ++i) {
        line.push_back(cell_text(batch.column(i), row));
      }
      piece->lines.push_back(std::move(line));
    }
    piece->rows = batch.rows();
    return std::unique_ptr<engine::Piece>(std::move(piece));
  }

  base::Status write(std::unique_ptr<engine::Piece> piece, uint64_t limit) override {
    auto& lines = static_cast<LinesPiece*>(piece.get())->lines;
    for (size_t i = 0; i < lines.size() && i < limit; ++i) held_.push_back(std::move(lines[i]));
    return held_.size() > kSampleRows ? flush() : base::Status();
  }

  base::Status finish() override {
    KILN_TRY(flush());
    return sink_->finish();
  }

 private:
  base::Status flush() {
    std::string text;
    size_t from = 0;
    if (widths_.empty()) {
      widths_ = choose_widths(held_, width_);
      append_line(text, held_[0], widths_);
      std::vector<std::string> rule;
      for (const size_t w : widths_) {
        std::string dashes;
        for (size_t i = 0; i < w; ++i) dashes += "─";
        rule.push_back(std::move(dashes));
      }
      append_line(text, rule, widths_);
      from = 1;
    }
    for (size_t i = from; i < held_.size(); ++i) append_line(text, held_[i], widths_);
    held_.clear();
    return sink_->write(text);
  }

  std::unique_ptr<engine::ByteSink> sink_;
  const size_t width_;
  std::vector<std::vector<std::string>> held_;
  std::vector<size_t> widths_;
};

}  // namespace

std::unique_ptr<engine::Output> make_terminal_table(const table::Schema& schema,
                                                    std::unique_ptr<engine::ByteSink> sink,
                                                    size_t width) {
  return std::make_unique<TerminalTable>(schema, std::move(sink), width);
}

size_t terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

std::string align_cells(std::vector<std::vector<std::string>> lines, size_t width) {
  for (auto& line : lines) {
    for (std::string& cell : line) cell = base::visible_text(cell);
  }
  const std::vector<size_t> widths = choose_widths(lines, width);
  std::string text;
  for (const auto& line : lines) append_line(text, line, widths);
  return text;
}

}  // namespace kiln::app
