#include "output/compression.h"

#include <cstring>

#include <gtest/gtest.h>
#include <isa-l.h>
#include <zstd.h>

#include "engine/testing/text_sink.h"

namespace kiln::output {
namespace {

std::string inflated(const std::string& file, bool* one_member) {
  inflate_state state{};
  isal_inflate_init(&state);
  state.crc_flag = ISAL_GZIP;  // header, check sum and size are looked at
  state.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(file.data()));
  state.avail_in = static_cast<uint32_t>(file.size());
  std::string text(64 << 20, '\0');
  state.next_out = reinterpret_cast<uint8_t*>(text.data());
  state.avail_out = static_cast<uint32_t>(text.size());
  EXPECT_EQ(isal_inflate(&state), ISAL_DECOMP_OK);
  *one_member = state.block_state == ISAL_BLOCK_FINISH && state.avail_in == 0;
  text.resize(state.total_out);
  return text;
}

std::string unzstd(const std::string& file, bool* one_frame) {
  const size_t frame = ZSTD_findFrameCompressedSize(file.data(), file.size());
  *one_frame = frame == file.size();
  std::string text(64 << 20, '\0');
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  ZSTD_inBuffer in{file.data(), file.size(), 0};
  ZSTD_outBuffer out{text.data(), text.size(), 0};
  size_t left = 1;
  while (in.pos < in.size && left != 0 && ZSTD_isError(left) == 0) {
    left = ZSTD_decompressStream(context, &out, &in);
  }
  EXPECT_EQ(left, 0U);
  ZSTD_freeDCtx(context);
  text.resize(out.pos);
  return text;
}

std::string lines(size_t first, size_t count) {
  std::string text;
  for (size_t i = first; i < first + count; ++i) {
    text += "{\"id\":\"" + std::to_string(i * 7919) + "\",\"status\":\"final\"}\n";
  }
  return text;
}

/// `prepared`: which pieces are prepared, bit by bit, as one that is cut is not.
std::string compress(Compression compression, const std::vector<std::string>& pieces,
                     unsigned prepared, unsigned threads = 2) {
  std::string file;
  engine::TextSink sink(file);
  const auto compressor = make_compressor(compression, threads);
  for (size_t i = 0; i < pieces.size(); ++i) {
    const bool ahead = (prepared >> (i % 32) & 1) != 0;
    const std::string done = ahead ? prepare(compression, pieces[i]) : "";
    EXPECT_TRUE(compressor->add(pieces[i], done, sink).ok());
  }
  EXPECT_TRUE(compressor->finish(sink).ok());
  return file;
}

/// Readers that stop at the end of the first member or frame read all of it.
TEST(CompressionTest, AFileIsOneMemberWhateverIsPrepared) {
  std::vector<std::string> pieces;
  for (size_t i = 0; i < 40; ++i) pieces.push_back(lines(i * 1000, i == 7 ? 0 : 1 + i * 300));
  pieces.emplace_back("x");
  std::string all;
  for (const std::string& piece : pieces) all += piece;
  for (const unsigned prepared : {0U, ~0U, 0xaaaaaaaaU}) {
    bool one = false;
    EXPECT_EQ(inflated(compress(Compression::kGzip, pieces, prepared), &one), all);
    EXPECT_TRUE(one);
    EXPECT_EQ(unzstd(compress(Compression::kZstd, pieces, prepared), &one), all);
    EXPECT_TRUE(one);
  }
}

TEST(CompressionTest, AnEmptyFileIsOneMember) {
  bool one = false;
  EXPECT_EQ(inflated(compress(Compression::kGzip, {}, 0), &one), "");
  EXPECT_TRUE(one);
  EXPECT_EQ(unzstd(compress(Compression::kZstd, {}, 0), &one), "");
  EXPECT_TRUE(one);
}

TEST(CompressionTest, TheBytesDoNotDependOnTheThreads) {
  std::vector<std::string> pieces;
  for (size_t i = 0; i < 30; ++i) pieces.push_back(lines(i, 5000));
  for (const Compression compression : {Compression::kGzip, Compression::kZstd}) {
    const std::string alone = compress(compression, pieces, ~0U, 1);
    EXPECT_EQ(alone, compress(compression, pieces, ~0U, 2));
    EXPECT_EQ(alone, compress(compression, pieces, ~0U, 5));
    EXPECT_LT(alone.size(), 30 * pieces[0].size() / 4);
  }
}

TEST(CompressionTest, NothingIsPreparedWhereItCannotBe) {
  EXPECT_EQ(prepare(Compression::kNone, "text"), "");
  EXPECT_EQ(prepare(Compression::kZstd, "text"), "");
  EXPECT_NE(prepare(Compression::kGzip, "text"), "");
  EXPECT_EQ(make_compressor(Compression::kNone, 1), nullptr);
}

}  // namespace
}  // namespace kiln::output
