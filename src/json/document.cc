#include "json/document.h"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include <simdjson.h>

#include "json/text.h"

namespace kiln::json {

namespace ondemand = simdjson::ondemand;

/// Walks simdjson's on-demand values into nodes.
class DocumentBuilder {
 public:
  DocumentBuilder(Document& document, size_t most_values)
      : document_(document), most_values_(most_values) {}

  base::Status build() {
    const std::string_view text = document_.text_;
    if (text.size() > kLargest) {
      return base::Error(base::ErrorCode::kLimit, "the document is too large");
    }
    const simdjson::padded_string padded(text);
    begin_ = padded.data();
    ondemand::document parsed;
    if (const auto error = parser_.iterate(padded).get(parsed)) return fail(error, nullptr);
    const char* where = nullptr;
    if (const auto error = add_document(parsed)) {
      if (parsed.current_location().get(where) != simdjson::SUCCESS) where = nullptr;
      return fail(error, where);
    }
    const Document::Node& root = document_.nodes_.front();
    const size_t rest = text.find_first_not_of(" \t\r\n", root.offset + root.length);
    if (rest != std::string_view::npos) {
      return error_at("not JSON: unexpected text after the document", rest);
    }
    return {};
  }

 private:
  static constexpr size_t kLargest = 512U << 20;

  base::Error error_at(const std::string& message, size_t offset) const {
    return base::Error(base::ErrorCode::kInvalid, message)
        .at(document_.position_at(std::min(offset, document_.text_.size())));
  }

  base::Error fail(simdjson::error_code error, const char* where) const {
    if (error == simdjson::CAPACITY) {
      return base::Error(base::ErrorCode::kLimit,
                         "more than " + std::to_string(most_values_) + " values in one document")
          .at(document_.position_at(document_.nodes_.back().offset));
    }
    if (!message_.empty()) return error_at(message_, offset_);
    const std::string_view text = document_.text_;
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      return error_at("not JSON: the text is empty", 0);
    }
    size_t offset = text.size();
    if (error == simdjson::UTF8_ERROR) {
      offset = find_bad_utf8(text);
    } else if (where != nullptr && where >= begin_) {
      offset = static_cast<size_t>(where - begin_);
    } else if (error == simdjson::UNCLOSED_STRING) {
      offset = text.rfind('"');
    }
    return error_at(std::string("not JSON: ") + describe(error), offset);
  }

  static const char* describe(simdjson::error_code error) {
    switch (error) {
      case simdjson::UTF8_ERROR:
        return "the text is not valid UTF-8";
      case simdjson::UNCLOSED_STRING:
        return "a string does not end";
      case simdjson::UNESCAPED_CHARS:
        return "a control character inside a string";
      case simdjson::STRING_ERROR:
        return "a bad escape in a string";
      case simdjson::NUMBER_ERROR:
        return "not a number";
      case simdjson::T_ATOM_ERROR:
      case simdjson::F_ATOM_ERROR:
      case simdjson::N_ATOM_ERROR:
      case simdjson::INCORRECT_TYPE:
        return "expected a value";
      case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return "an object or array is not closed";
      default:
        return "expected another character";
    }
  }

  simdjson::error_code add_document(ondemand::document& parsed) {
    ondemand::json_type type;
    if (const auto error = parsed.type().get(type)) return error;
    if (type == ondemand::json_type::object || type == ondemand::json_type::array) {
      ondemand::value value;
      if (const auto error = parsed.get_value().get(value)) return error;
      return add(value, {}, 0);
    }
    std::string_view token;
    if (const auto error = parsed.raw_json_token().get(token)) return error;
    const uint32_t index = start(ValueKind::kNull, token.data(), {});
    if (type == ondemand::json_type::string) {
      std::string_view text;
      if (const auto error = parsed.get_string().get(text)) return error;
      return finish_string(index, text);
    }
    return finish_scalar(index, type, token);
  }

  uint32_t start(ValueKind kind, const char* at, std::string key) {
    Document::Node node;
    node.kind = kind;
    node.offset = static_cast<uint32_t>(at - begin_);
    node.key = std::move(key);
    document_.nodes_.push_back(std::move(node));
    return static_cast<uint32_t>(document_.nodes_.size() - 1);
  }

  simdjson::error_code finish_string(uint32_t index, std::string_view text) {
    Document::Node& node = document_.nodes_[index];
    node.kind = ValueKind::kString;
    node.text = text;
    node.end = index + 1;
    size_t close = node.offset + 1;
    while (document_.text_[close] != '"') close += document_.text_[close] == '\\' ? 2 : 1;
    node.length = static_cast<uint32_t>(close + 1 - node.offset);
    return simdjson::SUCCESS;
  }

  simdjson::error_code finish_scalar(uint32_t index, ondemand::json_type type,
                                     std::string_view token) {
    token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    Document::Node& node = document_.nodes_[index];
    node.end = index + 1;
    node.length = static_cast<uint32_t>(token.size());
    node.text = token;
    switch (type) {
      case ondemand::json_type::number:
        node.kind = ValueKind::kNumber;
        return is_number(token) ? simdjson::SUCCESS : simdjson::NUMBER_ERROR;
      case ondemand::json_type::boolean:
        node.kind = ValueKind::kBoolean;
        return token == "true" || token == "false" ? simdjson::SUCCESS : simdjson::T_ATOM_ERROR;
      default:
        node.kind = ValueKind::kNull;
        return token == "null" ? simdjson::SUCCESS : simdjson::N_ATOM_ERROR;
    }
  }

  simdjson::error_code add(ondemand::value value, std::string key, int depth) {
    if (depth > Document::kMaxDepth) {
      message_ = "nested too deeply";
      offset_ = document_.nodes_.back().offset;
      return simdjson::DEPTH_ERROR;
    }
    if (document_.nodes_.size() >= most_values_) return simdjson::CAPACITY;
    ondemand::json_type type;
    if (const auto error = value.type().get(type)) return error;
    const std::string_view token = value.raw_json_token();
    const uint32_t index = start(ValueKind::kNull, token.data(), std::move(key));
    if (type == ondemand::json_type::object) return add_object(value, index, depth);
    if (type == ondemand::json_type::array) return add_array(value, index, depth);
    if (type == ondemand::json_type::string) {
      std::string_view text;
      if (const auto error = value.get_string().get(text)) return error;
      return finish_string(index, text);
    }
    if (const auto error = finish_scalar(index, type, token)) return error;
    return simdjson::SUCCESS;
  }

  simdjson::error_code add_object(ondemand::value& value, uint32_t index, int depth) {
    document_.nodes_[index].kind = ValueKind::kObject;
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return error;
    std::unordered_set<std::string> keys;
    for (auto result : object) {
      ondemand::field field;
      if (const auto error = std::move(result).get(field)) return error;
      const char* const key_at = field.key().raw();
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return error;
      std::string name(key);
      if (!keys.insert(name).second) {
        message_ = "the key \"" + name + "\" is given twice";
        offset_ = static_cast<size_t>(key_at - begin_) - 1;
        return simdjson::INCORRECT_TYPE;
      }
      if (const auto error = add(field.value(), std::move(name), depth + 1)) return error;
    }
    return close(index);
  }

  simdjson::error_code add_array(ondemand::value& value, uint32_t index, int depth) {
    document_.nodes_[index].kind = ValueKind::kArray;
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return error;
    for (auto result : array) {
      ondemand::value item;
      if (const auto error = decltype(result)(result).get(item)) return error;
      if (const auto error = add(item, {}, depth + 1)) return error;
    }
    return close(index);
  }

  /// Ends an object or array: behind its last member comes its bracket, and nothing but space and
  /// commas can stand in between.
  simdjson::error_code close(uint32_t index) {
    auto& nodes = document_.nodes_;
    nodes[index].end = static_cast<uint32_t>(nodes.size());
    size_t at = nodes[index].offset + 1;
    if (index + 1 < nodes.size()) {
      uint32_t last = index + 1;
      while (nodes[last].end < nodes.size()) last = nodes[last].end;
      at = nodes[last].offset + nodes[last].length;
    }
    const char bracket = nodes[index].kind == ValueKind::kObject ? '}' : ']';
    at = document_.text_.find(bracket, at);
    if (at == std::string::npos) return simdjson::INCOMPLETE_ARRAY_OR_OBJECT;
    nodes[index].length = static_cast<uint32_t>(at + 1 - nodes[index].offset);
    return simdjson::SUCCESS;
  }

  Document& document_;
  const size_t most_values_;
  ondemand::parser parser_;
  const char* begin_ = nullptr;
  std::string message_;
  size_t offset_ = 0;
};

base::Result<std::shared_ptr<const Document>> Document::parse(std::string text, std::string source,
                                                              size_t most_values) {
  static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  auto document = std::make_shared<Document>();
  document->text_ = std::move(text);
  document->source_ = std::move(source);
  KILN_TRY(DocumentBuilder(*document, most_values).build());
  return std::shared_ptr<const Document>(std::move(document));
}

base::SourcePosition position_in(std::string_view text, size_t offset, std::string source) {
  const std::string_view before = text.substr(0, offset);
  const size_t line_start = before.rfind('\n');
  const auto lines = static_cast<uint64_t>(std::count(before.begin(), before.end(), '\n'));
  return {std::move(source), lines + 1,
          line_start == std::string_view::npos ? offset + 1 : offset - line_start};
}

base::SourcePosition Document::position_at(size_t offset) const {
  return position_in(text_, offset, source_);
}

ValueKind Value::kind() const {
  return missing() ? ValueKind::kNull : document_->nodes_[index_].kind;
}

std::string_view Value::text() const {
  return missing() ? std::string_view() : document_->nodes_[index_].text;
}

std::optional<int64_t> Value::integer() const {
  if (!is_number()) return std::nullopt;
  int64_t value = 0;
  const std::string_view digits = text();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::string_view Value::raw() const {
  if (missing()) return {};
  const Document::Node& node = document_->nodes_[index_];
  return std::string_view(document_->text_).substr(node.offset, node.length);
}

Value Value::operator[](std::string_view key) const {
  if (!is_object()) return {};
  const auto& nodes = document_->nodes_;
  for (uint32_t i = index_ + 1; i < nodes[index_].end; i = nodes[i].end) {
    if (nodes[i].key == key) return Value(document_, i);
  }
  return {};
}

std::vector<Value> Value::items() const {
  std::vector<Value> values;
  if (!is_object() && !is_array()) return values;
  const auto& nodes = document_->nodes_;
  for (uint32_t i = index_ + 1; i < nodes[index_].end; i = nodes[i].end) {
    values.push_back(Value(document_, i));
  }
  return values;
}

size_t Value::size() const { return items().size(); }

std::string_view Value::key() const {
  return missing() ? std::string_view() : document_->nodes_[index_].key;
}

base::SourcePosition Value::position() const {
  if (missing()) return {};
  return document_->position_at(document_->nodes_[index_].offset);
}

}  // namespace kiln::json
