// Runs a target over its corpus and over mutations of it, the same ones at every run.
//
//   NAME_fuzz CORPUS_FOLDER [REPORT [SECONDS]]
//
// With SECONDS it goes on until so much time has passed, with mutations that are others at each
// run.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz/fuzz.h"

namespace {

using Bytes = std::vector<uint8_t>;

/// Each mutates in place; all together are what a fuzzer does most.
void mutate(Bytes& bytes, const std::vector<Bytes>& corpus, std::mt19937_64& random) {
  static constexpr std::string_view kOdd = "\"\\{}[]():,'`.|\n\r\t \0\x7F\x80\xC3\xFF%/-+eE0u";
  const size_t at = bytes.empty() ? 0 : random() % bytes.size();
  const size_t length = bytes.empty() ? 0 : 1 + random() % std::min<size_t>(bytes.size() - at, 16);
  const auto offset = [](size_t n) { return static_cast<std::ptrdiff_t>(n); };
  const auto begin = bytes.begin() + offset(at);
  switch (random() % 6) {
    case 0:
      if (!bytes.empty()) bytes[at] ^= static_cast<uint8_t>(1U << (random() % 8));
      break;
    case 1:
      bytes.erase(begin, begin + offset(length));
      break;
    case 2: {
      const Bytes copy(begin, begin + offset(length));
      bytes.insert(begin, copy.begin(), copy.end());
      break;
    }
    case 3:
      bytes.insert(begin, static_cast<uint8_t>(kOdd[random() % kOdd.size()]));
      break;
    case 4:
      bytes.resize(at);
      break;
    default: {
      const Bytes& other = corpus[random() % corpus.size()];
      const size_t from = other.empty() ? 0 : random() % other.size();
      bytes.resize(at);
      bytes.insert(bytes.end(), other.begin() + offset(from), other.end());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  static constexpr uint64_t kSeed = 20'261'124;
  static constexpr size_t kMutations = 4000;
  static constexpr size_t kLongest = 64 << 10;
  if (argc < 2) return 2;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) paths.push_back(entry);
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    LLVMFuzzerTestOneInput(corpus.back().data(), corpus.back().size());
  }
  if (corpus.empty()) return 2;
  const std::chrono::seconds seconds(argc > 3 ? std::atol(argv[3]) : 0);
  const auto end = std::chrono::steady_clock::now() + seconds;
  std::mt19937_64 random(argc > 3 ? kSeed + std::random_device()() : kSeed);
  size_t count = 0;
  for (; count < kMutations || std::chrono::steady_clock::now() < end; ++count) {
    Bytes bytes = corpus[random() % corpus.size()];
    for (size_t steps = 1 + random() % 4; steps != 0; --steps) mutate(bytes, corpus, random);
    if (bytes.size() > kLongest) bytes.resize(kLongest);
    if (argc > 2) {  // what a crash leaves to be looked at
      std::ofstream(std::string(argv[2]) + ".last", std::ios::binary)
          .write(reinterpret_cast<const char*>(bytes.data()),
                 static_cast<std::streamsize>(bytes.size()));
    }
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%zu inputs, %zu mutations\n", corpus.size(), count);
  if (argc > 2) {
    std::filesystem::create_directories(std::filesystem::path(argv[2]).parent_path());
    std::ofstream(argv[2]) << "1 0 0\n";
    std::filesystem::remove(std::string(argv[2]) + ".last");
  }
}
