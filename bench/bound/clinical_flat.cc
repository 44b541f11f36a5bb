// The bound: the two views of the benchmark written by hand on simdjson's on-demand parser, with
// mapped input and a thread a core, and no generality at all.
//
//   clinical_flat condition-flat|observation-components INPUT.ndjson OUTPUT.csv [THREADS]
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

namespace ondemand = simdjson::ondemand;

struct Mapped {
  const char* data;
  size_t size;
};

Mapped map_file(const char* path) {
  const int descriptor = open(path, O_RDONLY);
  struct stat info {};
  if (descriptor < 0 || fstat(descriptor, &info) != 0) {
    std::perror(path);
    std::exit(1);
  }
  const auto size = static_cast<size_t>(info.st_size);
  // Room behind the end, which simdjson may read.
  void* const room = mmap(nullptr, size + 4096 + simdjson::SIMDJSON_PADDING, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* const at = mmap(room, size, PROT_READ, MAP_PRIVATE | MAP_FIXED, descriptor, 0);
  close(descriptor);
  return {static_cast<const char*>(at), size};
}

void append(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\n") == std::string_view::npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

std::string_view first_code(ondemand::object concept_object) {
  ondemand::array codings;
  if (concept_object["coding"].get_array().get(codings) != simdjson::SUCCESS) return {};
  for (auto item : codings) {
    ondemand::object coding;
    std::string_view code;
    if (item.get_object().get(coding) != simdjson::SUCCESS) return {};
    if (coding["code"].get_string().get(code) != simdjson::SUCCESS) return {};
    return code;
  }
  return {};
}

void condition_flat(ondemand::document& document, std::string& out) {
  std::string_view id;
  std::string_view status;
  std::string_view code;
  ondemand::object part;
  if (document["id"].get_string().get(id) != simdjson::SUCCESS) return;
  if (document["clinicalStatus"].get_object().get(part) == simdjson::SUCCESS) {
    status = first_code(part);
  }
  if (document["code"].get_object().get(part) == simdjson::SUCCESS) code = first_code(part);
  append(out, id);
  out += ',';
  append(out, code);
  out += ',';
  append(out, status);
  out += '\n';
}

void observation_components(ondemand::document& document, std::string& out) {
  std::string_view id;
  ondemand::array components;
  if (document["id"].get_string().get(id) != simdjson::SUCCESS) return;
  if (document["component"].get_array().get(components) != simdjson::SUCCESS) return;
  for (auto item : components) {
    ondemand::object component;
    ondemand::object part;
    std::string_view code;
    if (item.get_object().get(component) != simdjson::SUCCESS) return;
    if (component["code"].get_object().get(part) == simdjson::SUCCESS) code = first_code(part);
    append(out, id);
    out += ',';
    append(out, code);
    out += '\n';
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: %s CASE INPUT OUTPUT [THREADS]\n", argv[0]);
    return 2;
  }
  const bool conditions = std::strcmp(argv[1], "condition-flat") == 0;
  const Mapped file = map_file(argv[2]);
  const unsigned threads =
      argc > 4 ? static_cast<unsigned>(std::atoi(argv[4])) : std::thread::hardware_concurrency();

  std::vector<size_t> starts = {0};
  for (unsigned i = 1; i < threads; ++i) {
    const size_t guess = file.size / threads * i;
    const void* const newline = std::memchr(file.data + guess, '\n', file.size - guess);
    starts.push_back(newline == nullptr
                         ? file.size
                         : static_cast<size_t>(static_cast<const char*>(newline) - file.data) + 1);
  }
  starts.push_back(file.size);
  std::vector<std::string> outputs(threads);
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      ondemand::parser parser;
      std::string& out = outputs[i];
      const char* at = file.data + starts[i];
      const char* const end = file.data + starts[i + 1];
      while (at < end) {
        const auto* newline =
            static_cast<const char*>(std::memchr(at, '\n', static_cast<size_t>(end - at)));
        if (newline == nullptr) newline = end;
        const auto length = static_cast<size_t>(newline - at);
        ondemand::document document;
        const simdjson::padded_string_view line(at, length, length + simdjson::SIMDJSON_PADDING);
        if (length != 0 && parser.iterate(line).get(document) == simdjson::SUCCESS) {
          if (conditions) {
            condition_flat(document, out);
          } else {
            observation_components(document, out);
          }
        }
        at = newline + 1;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();

  std::FILE* const output = std::fopen(argv[3], "wb");
  if (output == nullptr) return 1;
  std::fputs(conditions ? "id,code,clinical_status\n" : "id,comp_code\n", output);
  for (const std::string& part : outputs) std::fwrite(part.data(), 1, part.size(), output);
  return std::fclose(output) == 0 ? 0 : 1;
}
