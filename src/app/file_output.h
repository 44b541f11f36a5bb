// Where a command's bytes go: files that appear complete or not at all, pipes, standard output.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "app/output_target.h"
#include "app/pending_file.h"
#include "engine/byte_sink.h"

namespace kiln::app {

/// Bytes into a pending file, which whoever owns it publishes after finish().
std::unique_ptr<engine::ByteSink> make_pending_sink(PendingFile& file);
/// Bytes into what the target is; a file is published by finish(). A pipe that nobody reads yet is
/// waited for: kCancelled on a stop.
base::Result<std::unique_ptr<engine::ByteSink>> open_sink(const OutputTarget& target,
                                                          const std::stop_token& stop);
/// All that a command has to say, to standard output. The exit status.
int print_result(std::string_view text);

}  // namespace kiln::app
