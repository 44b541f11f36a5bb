// Where a command's bytes go: files that appear complete or not at all, pipes, standard output.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "app/output_target.h"
#include "app/pending_file.h"
#include "output/file.h"

namespace kiln::app {

/// Into a pending file, which whoever owns it publishes after finish(); tells its digest then.
std::unique_ptr<output::File> make_file_of_set(PendingFile& file);
/// Into what the target is; a file is published by finish(). A pipe that nobody reads yet is waited
/// for: kCancelled on a stop.
base::Result<std::unique_ptr<output::File>> open_file(const OutputTarget& target,
                                                      const std::stop_token& stop);
/// All that a command has to say, to standard output. The exit status.
int print_result(std::string_view text);

}  // namespace kiln::app
