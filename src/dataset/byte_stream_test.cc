#include "dataset/byte_stream.h"

#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "dataset/testing/temporary_files.h"

namespace kiln::dataset {
namespace {

/// All bytes, read `step` at a time; nothing after an error, which must be kInvalid in the file.
std::optional<std::string> read_all(const OpenFilePtr& file, size_t step) {
  auto stream = open_stream(file);
  EXPECT_TRUE(stream.ok());
  std::string text;
  std::string chunk(step, '\0');
  for (;;) {
    const auto got = (*stream)->read(chunk.data(), chunk.size());
    if (!got.ok()) {
      EXPECT_EQ(got.error().code(), base::ErrorCode::kInvalid);
      EXPECT_EQ(got.error().position().source, file->input().path);
      return std::nullopt;
    }
    if (*got == 0) return text;
    EXPECT_LE(*got, step);
    text.append(chunk, 0, *got);
  }
}

struct Kind {
  const char* name;
  Compression compression;
  std::string (*compress)(std::string_view);
};
std::string as_it_is(std::string_view text) { return std::string(text); }

class ByteStreamTest : public testing::TestWithParam<Kind> {
 protected:
  OpenFilePtr file(std::string_view bytes) {
    // A new file each time: some file systems wait for the disk when one is written over.
    std::filesystem::remove(folder_.path_of("data"));
    const std::string path = folder_.write("data", bytes);
    return *OpenFile::open({path, FileKind::kNdjson, ""});
  }
  std::string compressed(std::string_view text) { return GetParam().compress(text); }

  TemporaryFolder folder_;
};

/// A plain file may end anywhere and hold anything; these may not.
class CompressedStreamTest : public ByteStreamTest {};

TEST_P(ByteStreamTest, ReadsBackInStepsOfAnySize) {
  const std::string text = some_lines(3000);
  const OpenFilePtr data = file(compressed(text));
  for (const size_t step : {97UL, 1000UL, 4096UL, 65536UL, 100'000UL, 131'072UL, 1UL << 22}) {
    EXPECT_EQ(read_all(data, step), text) << step;
  }
}

TEST_P(ByteStreamTest, ReadsBackByteByByte) {
  const std::string text = some_lines(20) + std::string(5000, 'a');
  EXPECT_EQ(read_all(file(compressed(text)), 1), text);
}

TEST_P(ByteStreamTest, EmptyFilesAreEmpty) {
  EXPECT_EQ(read_all(file(""), 100), "");
  EXPECT_EQ(read_all(file(compressed("")), 100), "");
}

TEST_P(ByteStreamTest, PiecesFollowOneAnother) {
  const std::string a = some_lines(10);
  const std::string b = some_lines(2000);
  const std::string bytes = compressed(a) + compressed("") + compressed(b) + compressed("end");
  for (const size_t step : {1000UL, 1UL << 20}) {
    EXPECT_EQ(read_all(file(bytes), step), a + b + "end");
  }
}

TEST_P(CompressedStreamTest, TruncationIsAnError) {
  const std::string bytes = compressed(some_lines(30));
  static constexpr size_t kMagic = 4;  // what is shorter may be some text
  for (size_t size = kMagic; size < bytes.size(); ++size) {
    ASSERT_EQ(read_all(file(bytes.substr(0, size)), 1 << 16), std::nullopt) << size;
  }
  const std::string two = bytes + compressed("second");
  EXPECT_EQ(read_all(file(two.substr(0, two.size() - 1)), 1 << 16), std::nullopt);
  EXPECT_EQ(read_all(file(two.substr(0, bytes.size() + 3)), 1 << 16), std::nullopt);
}

TEST_P(CompressedStreamTest, GarbageIsAnError) {
  const std::string bytes = compressed(some_lines(30));
  EXPECT_EQ(read_all(file(bytes + "garbage after the end"), 1 << 16), std::nullopt);
  EXPECT_EQ(read_all(file(bytes + std::string(1, '\0')), 1 << 16), std::nullopt);
}

TEST_P(CompressedStreamTest, NoDamageCrashes) {
  const std::string text = some_lines(30);
  const std::string bytes = compressed(text);
  for (size_t at = 4; at < bytes.size(); ++at) {  // behind what tells the format
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    const auto got = read_all(file(damaged), 1 << 16);
    if (GetParam().compression == Compression::kGzip) {
      EXPECT_TRUE(!got || *got == text) << at;  // it has a checksum
    }
  }
}

/// Members whose headers have all there may be, in pieces of any size, as a pipe may bring them.
TEST(GzipStreamTest, HeadersInPieces) {
  const TemporaryFolder folder;
  const std::string text = some_lines(3);
  std::string member = gzipped(text);
  member[3] = 0x04 | 0x08 | 0x10;  // an extra field, a name, a comment
  member.insert(10, std::string("\x05\0extra", 7) + std::string("a name\0", 7) +
                        std::string("a comment\0", 10));
  const std::string path = folder.path_of("pipe");
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  for (const size_t piece : {1UL, 7UL, 17UL, 23UL}) {
    const auto file = OpenFile::open({path});
    ASSERT_TRUE(file.ok());
    std::thread writer([&] {
      std::ofstream pipe(path, std::ios::binary);
      const std::string bytes = member + member;
      for (size_t at = 0; at < bytes.size(); at += piece) {
        pipe << bytes.substr(at, piece) << std::flush;
      }
    });
    EXPECT_EQ(read_all(*file, 1000), text + text) << piece;
    writer.join();
  }
}

TEST_P(ByteStreamTest, CountsTheFilesOwnBytes) {
  const std::string bytes = compressed(some_lines(100));
  const OpenFilePtr data = file(bytes);
  auto stream = open_stream(data);
  std::string chunk(1 << 20, '\0');
  while (*(*stream)->read(chunk.data(), chunk.size()) != 0) {
  }
  EXPECT_EQ((*stream)->consumed(), bytes.size());
}

TEST_P(ByteStreamTest, APipesCompressionIsSeenFromItsFirstBytes) {
  const std::string path = folder_.path_of("pipe");
  for (const std::string& text : {some_lines(3000), std::string(), std::string("ab")}) {
    std::filesystem::remove(path);
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    const std::string bytes = compressed(text);
    std::thread writer([&] { std::ofstream(path, std::ios::binary) << bytes; });
    const auto pipe = OpenFile::open({path, FileKind::kNdjson, ""});
    ASSERT_TRUE(pipe.ok());
    EXPECT_FALSE((*pipe)->seekable());
    EXPECT_EQ((*pipe)->state().size, 0U);
    EXPECT_EQ(read_all(*pipe, 1000), text);
    writer.join();
  }
}

constexpr Kind kPlain{"Plain", Compression::kNone, as_it_is};
constexpr Kind kGzip{"Gzip", Compression::kGzip, gzipped};
constexpr Kind kZstd{"Zstd", Compression::kZstd, zstandard};

INSTANTIATE_TEST_SUITE_P(All, ByteStreamTest, testing::Values(kPlain, kGzip, kZstd),
                         [](const auto& test) { return std::string(test.param.name); });
INSTANTIATE_TEST_SUITE_P(All, CompressedStreamTest, testing::Values(kGzip, kZstd),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace kiln::dataset
