// Rows as an aligned table, for people. What is in the cells is shown by base::visible_text().
#pragma once

#include <cstddef>
#include <memory>

#include "engine/byte_sink.h"
#include "engine/output.h"

namespace kiln::app {

/// Widths are chosen by the first rows, then rows are printed as they come; cells that do not fit
/// are cut. `width`: columns of the terminal, 0 for no limit.
std::unique_ptr<engine::Output> make_terminal_table(const table::Schema& schema,
                                                    std::unique_ptr<engine::ByteSink> sink,
                                                    size_t width);

/// The terminal's width, or 80.
size_t terminal_width();

/// Lines of cells, aligned, the first one as head.
std::string align_cells(std::vector<std::vector<std::string>> lines, size_t width);

}  // namespace kiln::app
