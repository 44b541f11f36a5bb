// A folder of files for the tests of this library, removed at the end.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <isa-l.h>
#include <stdlib.h>
#include <zstd.h>

namespace kiln::dataset {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "kiln_dataset_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string path_of(std::string_view name) const { return path_ + "/" + std::string(name); }
  std::string write(std::string_view name, std::string_view content) const {
    std::ofstream file(path_of(name), std::ios::binary | std::ios::trunc);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    return path_of(name);
  }

 private:
  std::string path_;
};

/// One gzip member.
inline std::string gzipped(std::string_view text) {
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  std::string out(text.size() + 1024, '\0');
  std::string in(text);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.next_in = reinterpret_cast<uint8_t*>(in.data());
  stream.avail_in = static_cast<uint32_t>(in.size());
  stream.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream.avail_out = static_cast<uint32_t>(out.size());
  isal_deflate_stateless(&stream);
  out.resize(stream.total_out);
  return out;
}

/// One zstd frame.
inline std::string zstandard(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

/// NDJSON lines that do not compress to nothing; `count` of them, about 100 bytes each.
inline std::string some_lines(size_t count) {
  std::string text;
  uint32_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    text += "{\"resourceType\":\"Patient\",\"id\":\"" + std::to_string(i) + "\",\"note\":\"";
    for (int k = 0; k < 50; ++k) {
      state = state * 1664525 + 1013904223;
      text += static_cast<char>('a' + (state >> 24) % 26);
    }
    text += "\"}\n";
  }
  return text;
}

}  // namespace kiln::dataset
