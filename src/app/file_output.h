// Files that appear complete or not at all, and standard output.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/byte_sink.h"

namespace kiln::app {

/// A name beside the final one, for output that is not complete yet.
class PendingFile {
 public:
  /// Nothing is created yet. Removes the temporary file when destroyed before publish().
  explicit PendingFile(std::string path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  const std::string& temporary_path() const { return temporary_; }
  /// Renames the temporary file to its final name.
  base::Status publish();

 private:
  std::string path_;
  std::string temporary_;
  bool published_ = false;
};

/// Bytes into a pending file, published by finish().
base::Result<std::unique_ptr<engine::ByteSink>> open_file_sink(const std::string& path);
/// Bytes into a file of that very name.
base::Result<std::unique_ptr<engine::ByteSink>> open_plain_sink(const std::string& path);
/// Bytes to standard output.
std::unique_ptr<engine::ByteSink> open_stdout_sink();
/// All that a command has to say, to standard output. The exit status.
int print_result(std::string_view text);

}  // namespace kiln::app
