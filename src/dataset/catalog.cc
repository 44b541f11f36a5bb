#include "dataset/catalog.h"

#include <algorithm>
#include <cerrno>
#include <charconv>

#include <sys/mman.h>
#include <unistd.h>

#include "json/document.h"
#include "json/writer.h"

namespace kiln::dataset {
namespace {

std::string_view name_of(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "none";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
  }
  return "none";
}

Compression compression_of(std::string_view name) {
  if (name == "gzip") return Compression::kGzip;
  return name == "zstd" ? Compression::kZstd : Compression::kNone;
}

/// All 64 bits of it.
uint64_t number_of(std::string_view text) {
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

uint64_t unsigned_of(json::Value value) {
  return static_cast<uint64_t>(value.integer().value_or(0));
}

}  // namespace

base::Result<std::unique_ptr<Catalog>> Catalog::open(std::vector<std::string> arguments,
                                                     bool (*is_type)(std::string_view name)) {
  auto catalog = std::unique_ptr<Catalog>(new Catalog(std::move(arguments), is_type));
  KILN_TRY(catalog->snapshot());
  return catalog;
}

base::Result<SnapshotPtr> Catalog::snapshot() {
  KILN_ASSIGN(const std::vector<Input> inputs, find_inputs(arguments_, is_type_));
  auto snapshot = std::make_shared<Snapshot>();
  base::MutexLock lock(mutex_);
  for (const Input& input : inputs) {
    KILN_ASSIGN(OpenFilePtr file, OpenFile::open(input));
    std::weak_ptr<const OpenFile>& known = open_[input.path];
    if (const OpenFilePtr shared = known.lock(); shared && shared->state() == file->state()) {
      file = shared;
    } else {
      known = file;
    }
    snapshot->files.push_back(std::move(file));
  }
  return SnapshotPtr(std::move(snapshot));
}

SnapshotPtr narrow_snapshot(const Snapshot& snapshot, const std::set<std::string>& types) {
  auto narrow = std::make_shared<Snapshot>();
  for (const OpenFilePtr& file : snapshot.files) {
    const bool wanted = std::any_of(types.begin(), types.end(), [&](const std::string& type) {
      return file->input().may_hold(type);
    });
    if (wanted) narrow->files.push_back(file);
  }
  return narrow;
}

std::string describe_snapshot(const Snapshot& snapshot) {
  json::Writer writer;
  writer.begin_array();
  for (const OpenFilePtr& file : snapshot.files) {
    const Input& input = file->input();
    const FileState& state = file->state();
    writer.begin_object().member("path", input.path);
    writer.key("json").boolean(input.kind == FileKind::kJson);
    writer.member("compression", name_of(input.compression)).member("type", input.type);
    writer.key("device").number(state.device).key("inode").number(state.inode);
    writer.key("size").number(state.size).key("modified").number(state.modified_ns);
    writer.key("fingerprint").number(state.fingerprint);
    writer.end_object();
  }
  writer.end_array();
  return std::move(writer).take();
}

base::Result<SnapshotPtr> reopen_snapshot(const std::string& description) {
  KILN_ASSIGN(const json::DocumentPtr document,
              json::Document::parse(description, "snapshot description"));
  auto snapshot = std::make_shared<Snapshot>();
  for (const json::Value item : document->root().items()) {
    const Input input{std::string(item["path"].text()),
                      item["json"].boolean() ? FileKind::kJson : FileKind::kNdjson,
                      compression_of(item["compression"].text()), std::string(item["type"].text())};
    const FileState state{unsigned_of(item["device"]), unsigned_of(item["inode"]),
                          unsigned_of(item["size"]), item["modified"].integer().value_or(0),
                          number_of(item["fingerprint"].text())};
    KILN_ASSIGN(OpenFilePtr file, OpenFile::open_as_it_was(input, state));
    snapshot->files.push_back(std::move(file));
  }
  return SnapshotPtr(std::move(snapshot));
}

base::Result<SnapshotPtr> snapshot_of_lines(std::string_view lines) {
  const int descriptor = memfd_create("kiln-resources", MFD_CLOEXEC);
  if (descriptor < 0) return base::io_error("cannot hold resources in memory", errno);
  base::Status written;
  while (!lines.empty() && written.ok()) {
    const ssize_t count = write(descriptor, lines.data(), lines.size());
    if (count >= 0) {
      lines.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      written = base::io_error("cannot hold resources in memory", errno);
    }
  }
  if (!written.ok()) {
    close(descriptor);
    return std::move(written).error();
  }
  auto snapshot = std::make_shared<Snapshot>();
  KILN_ASSIGN(
      OpenFilePtr file,
      OpenFile::adopt({"<request>", FileKind::kNdjson, Compression::kNone, {}}, descriptor));
  snapshot->files.push_back(std::move(file));
  return SnapshotPtr(std::move(snapshot));
}

}  // namespace kiln::dataset
