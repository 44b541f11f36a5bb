// The little XML that S3 speaks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace kiln::sink {

struct XmlElement {
  std::string name;  ///< without a prefix
  std::string text;  ///< of the element itself, entities resolved
  std::vector<XmlElement> children;

  /// The first child of that name; null if there is none.
  const XmlElement* child(std::string_view child_name) const;
  /// The text of the first child of that name; empty if there is none.
  std::string child_text(std::string_view child_name) const;
};

/// The root of a document. Attributes are passed over. A document type, an entity of its own, CDATA
/// and more than 16 levels are refused: no store sends them. Errors: kInvalid.
base::Result<XmlElement> parse_xml(std::string_view document);

std::string xml_escape(std::string_view text);

}  // namespace kiln::sink
