// The pruned parser itself; see line_parser.h. Included once per SIMD target.
#if defined(KILN_JSON_SCAN_PARSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KILN_JSON_SCAN_PARSE_INL_H_
#undef KILN_JSON_SCAN_PARSE_INL_H_
#else
#define KILN_JSON_SCAN_PARSE_INL_H_
#endif

#include <string>

#include "json/line_parser.h"
#include "json/scan/blocks-inl.h"
#include "json/text.h"

HWY_BEFORE_NAMESPACE();
namespace kiln::json::HWY_NAMESPACE {

HWY_INLINE const char* skip_space(const char* p) {
  while (HWY_UNLIKELY(is_space(*p))) ++p;
  return p;
}
HWY_INLINE bool ends_scalar(char c) {
  return c == ',' || c == '}' || c == ']' || c == '\n' || is_space(c);
}

/// What a string's bytes hold besides text.
struct StringScan {
  const char* close;  ///< the closing quote; null if the line ends or a control character comes
  const char* bad;    ///< where, if close is null
  bool escaped;
  bool ascii;
};

HWY_INLINE StringScan scan_string(const char* p) {
  uint64_t carry = 0;
  bool escaped = false;
  bool ascii = true;
  for (;; p += kBlock) {
    const uint64_t backslashes =
        block_mask(p, [](Vec v) HWY_ATTR { return hn::Eq(v, splat('\\')); });
    const uint64_t quotes = block_mask(p, [](Vec v) HWY_ATTR { return hn::Eq(v, splat('"')); }) &
                            ~escaped_bytes(backslashes, carry);
    const uint64_t controls = control_mask(p);
    const uint64_t high = block_mask(p, [](Vec v) HWY_ATTR { return hn::Gt(v, splat(0x7f)); });
    const uint64_t stops = quotes | controls;
    if (HWY_LIKELY(stops != 0)) {
      const int first = std::countr_zero(stops);
      const uint64_t before = (uint64_t{1} << first) - 1;
      escaped |= (backslashes & before) != 0;
      ascii &= (high & before) == 0;
      const char* const at = p + first;
      if (HWY_UNLIKELY(((controls >> first) & 1) != 0)) return {nullptr, at, escaped, ascii};
      return {at, nullptr, escaped, ascii};
    }
    escaped |= backslashes != 0;
    ascii &= high == 0;
  }
}

class LineReader {
 public:
  LineReader(const Shape& shape, std::string_view type, Tape& tape, std::vector<KeyOrder>& orders)
      : shape_(shape), type_(type), tape_(tape), orders_(orders.data()) {}

  LineResult parse(const char* line, Extent extent) {
    const char* p = skip_space(line);
    if (*p == '\n') return {LineResult::Kind::kBlank, p, nullptr};
    if (*p != '{') return {LineResult::Kind::kError, p, "expected '{': a line is one resource"};
    p = object(p, shape_.object(kRootShape), 0, 0, true);
    // Where reading stops early, in the middle of an object or array, something must follow the
    // value: the string of a record that was cut off ends at the first quote of the next one.
    if (p == nullptr && other_type_) p = error_at_;
    if (p != nullptr && (done_ || other_type_)) p = followed(p);
    if (p == nullptr) {
      tape_.clear();
      return {LineResult::Kind::kError, error_at_, error_};
    }
    if (other_type_) {
      tape_.clear();
      return {LineResult::Kind::kOtherType, p, nullptr};
    }
    if (!done_) {
      p = skip_space(p);
      if (*p != '\n' && extent == Extent::kLine) {
        return {LineResult::Kind::kError, p, "expected the end of the line"};
      }
      if (!type_.empty() && !type_seen_) {
        return {LineResult::Kind::kError, line, "not a resource: no resourceType"};
      }
    }
    return {LineResult::Kind::kResource, p, nullptr};
  }

 private:
  const char* followed(const char* p) {
    p = skip_space(p);
    if (HWY_LIKELY(*p == ',' || *p == '}' || *p == ']')) return p;
    return fail(p, "expected ',' or a closing bracket");
  }

  const char* fail(const char* at, const char* what) {
    error_at_ = at;
    error_ = *at == '\n' ? "the line ends too early" : what;
    return nullptr;
  }

  Node* add(NodeKind kind, const char* text, uint16_t name, uint32_t& index) {
    index = tape_.append();
    if (HWY_UNLIKELY(index == Tape::kMaxNodes)) {
      fail(text, "too many values in one resource");
      return nullptr;
    }
    Node& node = tape_[index];
    node.text = text;
    node.length = 0;
    node.end = index + 1;
    node.name = name;
    node.kind = kind;
    node.escaped = false;
    return &node;
  }

  /// The object that opens at `p`. `last`: nothing after this value is wanted, so that reading can
  /// stop (done_) as soon as all of the object's keys have been seen.
  const char* object(const char* p, const Shape::Object& shape, uint16_t name, int depth,
                     bool last) {
    if (HWY_UNLIKELY(depth >= kMaxDepth)) return fail(p, "nested too deeply");
    const char* const open = p;
    uint32_t index = 0;
    if (add(NodeKind::kObject, open, name, index) == nullptr) return nullptr;
    if (shape.keys.empty() && !shape.whole) {
      p = skipped(p + 1, 1);
      return p == nullptr ? p : close(index, p);
    }
    p = skip_space(p + 1);
    if (*p == '}') return close(index, p + 1);
    return shape.whole ? whole_members(p, depth, index)
                       : wanted_members(p, shape, depth, last, index);
  }

  /// The members of an object of which some keys are wanted.
  const char* wanted_members(const char* p, const Shape::Object& shape, int depth, bool last,
                             uint32_t index) {
    uint64_t seen = 0;
    KeyOrder& order = orders_[shape.id];
    size_t position = 0;
    for (;;) {
      if (HWY_UNLIKELY(*p != '"')) return fail(p, "expected a key in quotes");
      const Shape::Key* wanted = nullptr;
      if (HWY_LIKELY(position < order.count && is_next(order.entries[position], p + 1))) {
        wanted = order.entries[position].wanted;
        p += 1 + order.entries[position].length;
        ++position;
      } else {
        p = read_key(p + 1, shape, order, position, wanted);
        if (HWY_UNLIKELY(p == nullptr)) return nullptr;
      }
      p = skip_space(p);
      if (wanted == nullptr || ((seen >> wanted->index) & 1 & (wanted->index < 63)) != 0) {
        p = skip_value(p);
      } else {
        seen |= uint64_t{1} << wanted->index;
        const bool all = seen == shape.all_seen;
        p = value(p, shape_.object(wanted->child), wanted->name, depth + 1, last && all);
        if (wanted->is_type && depth == 0 && p != nullptr && !check_type()) return p;
        if (done_ || p == nullptr || all) {
          tape_[index].end = tape_.size();
          if (done_ || p == nullptr) return p;
          done_ = last;
          if (!last) ++unclosed_;
          return p;
        }
        p = closed(p);
      }
      if (HWY_UNLIKELY(p == nullptr)) return nullptr;
      p = skip_space(p);
      if (HWY_LIKELY(*p == ',')) {
        p = skip_space(p + 1);
      } else if (*p == '}') {
        return close(index, p + 1);
      } else {
        return fail(p, "expected ',' or '}'");
      }
    }
  }

  /// No early stop: every member is kept.
  const char* whole_members(const char* p, int depth, uint32_t index) {
    for (;;) {
      if (HWY_UNLIKELY(*p != '"')) return fail(p, "expected a key in quotes");
      const KeyText text = scan_key(p + 1);
      if (HWY_UNLIKELY(text.end == nullptr))
        return fail(text.bad, "a control character inside a key");
      p = skip_space(text.end + 1);
      if (HWY_UNLIKELY(*p != ':')) return fail(p, "expected ':' after the key");
      p = whole_field(skip_space(p + 1), text, depth);
      if (HWY_UNLIKELY(p == nullptr)) return nullptr;
      p = skip_space(p);
      if (HWY_LIKELY(*p == ',')) {
        p = skip_space(p + 1);
      } else if (*p == '}') {
        return close(index, p + 1);
      } else {
        return fail(p, "expected ',' or '}'");
      }
    }
  }

  HWY_INLINE bool is_next(const KeyOrder::Entry& entry, const char* key) {
    const hn::FixedTag<uint8_t, 16> d;
    const auto* const at = reinterpret_cast<const uint8_t*>(key);
    const auto* const text = reinterpret_cast<const uint8_t*>(entry.text.data());
    // Two halves of 16 bytes, which every target has.
    const auto low = hn::Eq(hn::LoadU(d, at), hn::Load(d, text));
    const auto high = hn::Eq(hn::LoadU(d, at + 16), hn::Load(d, text + 16));
    uint8_t bytes[16] = {};
    hn::StoreMaskBits(d, low, bytes);
    hn::StoreMaskBits(d, high, bytes + 2);
    uint32_t bits = 0;
    std::memcpy(&bits, bytes, sizeof(bits));
    return (bits & entry.mask) == entry.mask;
  }

  /// The key at `key` when it is not the expected one; notes it for the next object. Returns what
  /// follows the colon.
  const char* read_key(const char* key, const Shape::Object& shape, KeyOrder& order,
                       size_t& position, const Shape::Key*& wanted) {
    const KeyText text = scan_key(key);
    if (HWY_UNLIKELY(text.end == nullptr))
      return fail(text.bad, "a control character inside a key");
    const char* const p = skip_space(text.end + 1);
    if (HWY_UNLIKELY(*p != ':')) return fail(p, "expected ':' after the key");
    wanted =
        HWY_LIKELY(!text.escaped) ? match(shape, key, text.length) : match_escaped(shape, text);
    const size_t length = text.length + 2;
    if (p == text.end + 1 && length <= order.entries[0].text.size()) {
      // A key that is optional may be missing here: the one after it is then the next in order.
      for (size_t i = position + 1; i < order.count && i < position + 4; ++i) {
        if (is_next(order.entries[i], key)) {
          position = i + 1;
          return p + 1;
        }
      }
      // Without gaps: only the first `count` entries are ever read.
      if (position < KeyOrder::kMostEntries && position <= order.count) {
        KeyOrder::Entry& entry = order.entries[position];
        std::memcpy(entry.text.data(), key, length);
        entry.mask = length == 32 ? ~uint32_t{0} : (uint32_t{1} << length) - 1;
        entry.length = static_cast<uint8_t>(length);
        entry.wanted = wanted;
        order.count = HWY_MAX(order.count, position + 1);
      }
    }
    ++position;
    return p + 1;
  }

  const char* close(uint32_t index, const char* after) {
    Node& node = tape_[index];
    node.length = static_cast<uint32_t>(after - node.text);
    node.end = tape_.size();
    return after;
  }

  /// Behind the values that were left before their end because nothing more was wanted of them. A
  /// value that ends several of them at once (the code of a coding of a concept) costs one jump.
  HWY_INLINE const char* closed(const char* p) {
    if (HWY_LIKELY(unclosed_ == 0)) return p;
    const int64_t depth = unclosed_;
    unclosed_ = 0;
    return skipped(p, depth);
  }

  /// Jumps from inside of `depth` objects or arrays to behind them.
  const char* skipped(const char* p, int64_t depth) {
    const char* const after = skip_to_close(p, depth);
    return after != nullptr ? after : fail_inside(p, false, "an object or array is not closed");
  }

  /// What was to be jumped over from `p` on does not end: the line does, or a control character
  /// comes first.
  const char* fail_inside(const char* p, bool in_string, const char* what) {
    for (;; ++p) {
      const auto c = static_cast<unsigned char>(*p);
      if (c < 0x20 && (c == '\n' || in_string || !is_space(*p))) break;
      if (c == '"') in_string = !in_string;
      if (in_string && c == '\\' && (p[1] == '"' || p[1] == '\\')) ++p;
    }
    error_at_ = p;
    error_ = *p == '\n' ? what : "a control character";
    return nullptr;
  }

  struct KeyText {
    const char* end;  ///< the closing quote
    const char* bad;
    size_t length;
    bool escaped;
    const char* begin;
  };
  HWY_INLINE KeyText scan_key(const char* key) {
    const hn::CappedTag<uint8_t, 32> d;
    const auto v = hn::LoadU(d, reinterpret_cast<const uint8_t*>(key));
    // A quote behind the line's end, or any control character, does not end a key.
    const auto stop = hn::Or(hn::Or(hn::Eq(v, hn::Set(d, '"')), hn::Eq(v, hn::Set(d, '\\'))),
                             hn::Lt(v, hn::Set(d, 0x20)));
    const intptr_t first = hn::FindFirstTrue(d, stop);
    if (HWY_LIKELY(first >= 0 && key[first] == '"')) {
      return {key + first, nullptr, static_cast<size_t>(first), false, key};
    }
    const StringScan scan = scan_string(key);
    return {scan.close, scan.bad, scan.close != nullptr ? static_cast<size_t>(scan.close - key) : 0,
            scan.escaped, key};
  }

  HWY_INLINE const Shape::Key* match(const Shape::Object& shape, const char* key, size_t length) {
    const size_t bucket = HWY_MIN(length, size_t{32});
    uint64_t words[2];
    std::memcpy(words, key, sizeof(words));
    for (uint32_t i = shape.by_length[bucket]; i < shape.by_length[bucket + 1]; ++i) {
      const Shape::Key& candidate = shape.keys[i];
      if ((words[0] & candidate.mask[0]) == candidate.word[0] &&
          (words[1] & candidate.mask[1]) == candidate.word[1] &&
          (length < 16 || std::string_view(key, length) == candidate.text)) {
        return &candidate;
      }
    }
    return nullptr;
  }

  const Shape::Key* match_escaped(const Shape::Object& shape, const KeyText& text) {
    const std::string_view raw(text.begin, text.length);
    if (find_bad_escape(raw) != std::string_view::npos) return nullptr;
    std::string name;
    append_unescaped(name, raw);
    for (const Shape::Key& candidate : shape.keys) {
      if (candidate.text == name) return &candidate;
    }
    return nullptr;
  }

  /// The value of a key in an object that is kept whole.
  const char* whole_field(const char* p, const KeyText& text, int depth) {
    std::string_view key(text.begin, text.length);
    std::string unescaped;
    if (HWY_UNLIKELY(text.escaped)) {
      const size_t bad = find_bad_escape(key);
      if (bad != std::string_view::npos) return fail(text.begin + bad, "a bad escape in a key");
      append_unescaped(unescaped, key);
      key = unescaped;
    }
    const uint32_t index = tape_.size();
    p = value(p, shape_.everything(), shape_.names()->find(key), depth + 1, false);
    const bool is_type = depth == 0 && !type_seen_ && key == "resourceType";
    if (HWY_LIKELY(!is_type) || p == nullptr || tape_.size() != index + 1 || check_type()) return p;
    error_at_ = p;  // ends the parse as an error does
    return nullptr;
  }

  const char* value(const char* p, const Shape::Object& shape, uint16_t name, int depth,
                    bool last) {
    switch (*p) {
      case '"':
        return string(p, name);
      case '{':
        return object(p, shape, name, depth, last);
      case '[':
        return array(p, shape, name, depth, last);
      default:
        return scalar(p, name);
    }
  }

  const char* array(const char* p, const Shape::Object& shape, uint16_t name, int depth,
                    bool last) {
    if (HWY_UNLIKELY(depth >= kMaxDepth)) return fail(p, "nested too deeply");
    uint32_t index = 0;
    if (add(NodeKind::kArray, p, name, index) == nullptr) return nullptr;
    p = skip_space(p + 1);
    if (*p == ']') return close(index, p + 1);
    for (uint32_t count = 1;; ++count) {
      if (HWY_UNLIKELY(*p == '[')) return fail(p, "an array directly inside an array");
      const bool enough = count == shape.item_limit;
      p = value(p, shape, 0, depth + 1, last && enough);
      if (p == nullptr || done_) {
        tape_[index].end = tape_.size();
        return p;
      }
      if (enough) {
        tape_[index].end = tape_.size();
        done_ = last;
        if (!last) ++unclosed_;
        return p;
      }
      p = closed(p);
      if (HWY_UNLIKELY(p == nullptr)) return nullptr;
      p = skip_space(p);
      if (*p == ',') {
        p = skip_space(p + 1);
      } else if (*p == ']') {
        return close(index, p + 1);
      } else {
        return fail(p, "expected ',' or ']'");
      }
    }
  }

  const char* string(const char* p, uint16_t name) {
    const char* const begin = p + 1;
    const StringScan scan = scan_string(begin);
    if (HWY_UNLIKELY(scan.close == nullptr)) {
      return fail(scan.bad, "a control character inside a string");
    }
    uint32_t index = 0;
    Node* const node = add(NodeKind::kString, begin, name, index);
    if (node == nullptr) return nullptr;
    node->length = static_cast<uint32_t>(scan.close - begin);
    node->escaped = scan.escaped;
    if (HWY_UNLIKELY(scan.escaped)) {
      const size_t bad = find_bad_escape(node->view());
      if (bad != std::string_view::npos) return fail(begin + bad, "a bad escape in a string");
    }
    if (HWY_UNLIKELY(!scan.ascii) && !is_utf8(node->view())) {
      return fail(begin + find_bad_utf8(node->view()), "a string is not valid UTF-8");
    }
    return scan.close + 1;
  }

  const char* scalar(const char* p, uint16_t name) {
    const char* end = p;
    while (!ends_scalar(*end)) ++end;
    const std::string_view text(p, static_cast<size_t>(end - p));
    NodeKind kind = NodeKind::kNumber;
    if (text == "true") {
      kind = NodeKind::kTrue;
    } else if (text == "false") {
      kind = NodeKind::kFalse;
    } else if (text == "null") {
      kind = NodeKind::kNull;
    } else if (!is_number(text)) {
      return fail(p, "expected a value");
    }
    uint32_t index = 0;
    Node* const node = add(kind, p, name, index);
    if (node == nullptr) return nullptr;
    node->length = static_cast<uint32_t>(text.size());
    return end;
  }

  HWY_INLINE const char* skip_value(const char* p) {
    const char c = *p;
    if (c == '"') {
      const char* const close = skip_string(p + 1);
      return close != nullptr ? close + 1 : fail_inside(p + 1, true, "a string does not end");
    }
    if (c == '{' || c == '[') return skipped(p + 1, 1);
    const char* const begin = p;
    while (!ends_scalar(*p)) ++p;
    return p != begin ? p : fail(p, "expected a value");
  }

  /// Looks at the resourceType that was read last; false stops the parse.
  bool check_type() {
    type_seen_ = true;
    const Node& node = tape_[tape_.size() - 1];
    if (type_.empty() || (node.kind == NodeKind::kString && node.view() == type_)) return true;
    if (node.kind == NodeKind::kString && node.escaped) {
      std::string name;
      append_unescaped(name, node.view());
      if (name == type_) return true;
    }
    other_type_ = true;
    return false;
  }

  const Shape& shape_;
  const std::string_view type_;
  Tape& tape_;
  KeyOrder* const orders_;  // by shape
  const char* error_at_ = nullptr;
  const char* error_ = nullptr;
  bool done_ = false;     ///< everything wanted has been read
  int64_t unclosed_ = 0;  ///< values around the reading position that were left early
  bool type_seen_ = false;
  bool other_type_ = false;
};

LineResult parse_line(const Shape& shape, std::string_view type, const char* line, Extent extent,
                      Tape& tape, std::vector<KeyOrder>& orders) {
  tape.clear();
  return LineReader(shape, type, tape, orders).parse(line, extent);
}

std::string_view find_resource_type(const char* line) {
  const char* p = skip_space(line);
  if (*p != '{') return {};
  p = skip_space(p + 1);
  while (*p == '"') {
    const char* const key = p + 1;
    const char* const key_end = skip_string(key);
    if (key_end == nullptr) return {};
    std::string unescaped;
    std::string_view name(key, static_cast<size_t>(key_end - key));
    if (name.find('\\') != std::string_view::npos &&
        find_bad_escape(name) == std::string_view::npos) {
      append_unescaped(unescaped, name);
      name = unescaped;
    }
    p = skip_space(key_end + 1);
    if (*p != ':') return {};
    p = skip_space(p + 1);
    const bool found = name == "resourceType";
    if (*p == '"') {
      const char* const close = skip_string(p + 1);
      if (close == nullptr) return {};
      if (found) return {p + 1, static_cast<size_t>(close - p - 1)};
      p = close + 1;
    } else if (found) {
      return {};
    } else if (*p == '{' || *p == '[') {
      p = skip_to_close(p + 1, 1);
      if (p == nullptr) return {};
    } else {
      while (!ends_scalar(*p)) ++p;
    }
    p = skip_space(p);
    if (*p != ',') return {};
    p = skip_space(p + 1);
  }
  return {};
}

}  // namespace kiln::json::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggling guard
