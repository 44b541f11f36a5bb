// For the library's tests: views over files in a folder of the test, into memory.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "dataset/file_source.h"
#include "engine/pipeline.h"
#include "engine/testing/text_output.h"

namespace kiln::engine {

/// What a sink got, and how it is to behave.
struct SinkLog {
  std::string bytes;
  bool finished = false;
  bool destroyed = false;
  size_t writes = 0;
  size_t fail_at = SIZE_MAX;  ///< the write that fails, from 0
  bool fail_finish = false;
  std::function<void()> on_write;
};

class LoggedSink final : public ByteSink {
 public:
  explicit LoggedSink(SinkLog& log) : log_(log) {}
  ~LoggedSink() override { log_.destroyed = true; }
  base::Status write(std::string_view bytes) override {
    if (log_.writes++ == log_.fail_at) return base::Error(base::ErrorCode::kIo, "the disk is full");
    if (log_.on_write) log_.on_write();
    log_.bytes += bytes;
    return {};
  }
  base::Status finish() override {
    if (log_.fail_finish) return base::Error(base::ErrorCode::kUnavailable, "not now");
    log_.finished = true;
    return {};
  }

 private:
  SinkLog& log_;
};

/// An output whose encoder gives up.
class BadOutput final : public Output {
 public:
  base::Result<std::unique_ptr<Piece>> encode(table::Batch&) override {
    return base::Error(base::ErrorCode::kUnsupported, "cannot encode");
  }
  base::Status write(std::unique_ptr<Piece>, uint64_t) override { return {}; }
  base::Status finish() override {
    finished = true;
    return {};
  }
  bool finished = false;
};

inline Options options_of(unsigned threads, size_t part_size = 1 << 20) {
  Options options;
  options.threads = threads;
  options.reader.part_size = part_size;
  return options;
}

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    std::string pattern = testing::TempDir() + "kiln_engine_XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  ~EngineTest() override { std::filesystem::remove_all(folder_); }

  /// `type`: what the file's name is taken to promise.
  void add_file(const std::string& name, const std::string& text, const std::string& type = "") {
    std::ofstream(path(name), std::ios::binary) << text;
    inputs_.push_back({path(name), dataset::FileKind::kNdjson, type});
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  dataset::Snapshot snapshot() const {
    auto opened = dataset::open_files(inputs_);
    EXPECT_TRUE(opened.ok());
    return std::move(opened).value();
  }

  static view::ViewPtr compile(const std::string& text) {
    view::Problems problems;
    const auto document = json::Document::parse(text, "view.json");
    EXPECT_TRUE(document.ok()) << text;
    const auto definition = view::read_view(*document, (*document)->root(), problems);
    auto view = view::CompiledView::compile(definition, {}, problems);
    EXPECT_TRUE(view) << (problems.ok() ? "" : problems.errors[0].to_string());
    return view;
  }
  static view::ViewPtr id_view(const std::string& resource = "Patient") {
    return compile(R"({"name":"ids","resource":")" + resource +
                   R"(","select":[{"column":[{"name":"id","path":"id"}]}]})");
  }

  /// Runs views as NDJSON into the logs, one for each.
  base::Result<Summary> run_views(const std::vector<view::ViewPtr>& views,
                                  std::vector<SinkLog>& logs, const Options& options,
                                  std::stop_token stop = {}, Progress* progress = nullptr,
                                  table::Format format = table::Format::kNdjson) {
    const dataset::Snapshot files = snapshot();
    logs.resize(views.size());
    std::vector<std::unique_ptr<Output>> outputs;
    std::vector<Subject> subjects;
    for (size_t i = 0; i < views.size(); ++i) {
      outputs.push_back(
          make_text_output(format, views[i]->schema(), std::make_unique<LoggedSink>(logs[i])));
      subjects.push_back({views[i].get(), outputs[i].get()});
    }
    return run(files, subjects, options, stop, progress);
  }

  std::string folder_;
  std::vector<dataset::Input> inputs_;
};

inline std::string patient_line(size_t number, size_t padding = 0) {
  return R"({"resourceType":"Patient","x":")" + std::string(padding, '-') + R"(","id":"p)" +
         std::to_string(number) + "\"}\n";
}

inline std::string patient_lines(size_t count, size_t first = 0) {
  std::string text;
  for (size_t i = first; i < first + count; ++i) text += patient_line(i, i * 7 % 90);
  return text;
}

/// What id_view() gives for patient_lines().
inline std::string id_rows(size_t count, size_t first = 0) {
  std::string text;
  for (size_t i = first; i < first + count; ++i)
    text += "{\"id\":\"p" + std::to_string(i) + "\"}\n";
  return text;
}

}  // namespace kiln::engine
