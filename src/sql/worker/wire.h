// Bytes of messages between the processes of a query. Internal to the library.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace kiln::sql {

/// Numbers as the machine has them: both ends are one program.
class WireWriter {
 public:
  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void put(Number number) { raw(&number, sizeof(number)); }
  void put(std::string_view text) {
    put(static_cast<uint64_t>(text.size()));
    raw(text.data(), text.size());
  }
  void raw(const void* data, size_t size) {
    if (size != 0) bytes_.append(static_cast<const char*>(data), size);
  }
  const std::string& bytes() const { return bytes_; }
  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads what anybody may have written: beyond the end everything is zero and empty, and ok() is
/// false from then on.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Number>
  requires std::is_arithmetic_v<Number> Number get() {
    Number number{};
    const std::string_view bytes = raw(sizeof(number));
    if (!bytes.empty()) std::memcpy(&number, bytes.data(), sizeof(number));
    return number;
  }
  /// Refers to what is read.
  std::string_view text() { return raw(get<uint64_t>()); }
  std::string_view raw(uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  /// How many things follow, each of which has at least so many bytes.
  size_t count(size_t least) {
    const auto count = get<uint64_t>();
    if (count <= rest_.size() / least) return count;
    ok_ = false;
    return 0;
  }
  bool ok() const { return ok_; }
  /// Everything was read, and there was nothing more.
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace kiln::sql
