// Pieces of JSON that most resources of the sample share.
#pragma once

#include <string_view>

#include "json/writer.h"
#include "sample/calendar.h"
#include "sample/codes.h"

namespace kiln::sample {

/// Opens a resource with its type, id and meta; `updated` is its last change.
void begin_resource(json::Writer& out, std::string_view type, std::string_view id, Moment updated);
/// Closes it and ends the line.
void end_resource(json::Writer& out);

void write_coding(json::Writer& out, const Coding& coding);
/// A CodeableConcept with the display as its text.
void write_concept(json::Writer& out, const Coding& coding);
/// The same as a list of one.
void write_concept_list(json::Writer& out, std::string_view key, const Coding& coding);
/// `display` may be empty.
void write_reference(json::Writer& out, std::string_view type, std::string_view id,
                     std::string_view display = {});
void write_identifier(json::Writer& out, std::string_view system, std::string_view value,
                      const Coding& type = {});
void write_telecom(json::Writer& out, std::string_view system, std::string_view value,
                   std::string_view use);
void write_period(json::Writer& out, Moment start, Moment end);

/// `value` in units of the last of `places` decimal places.
void write_quantity(json::Writer& out, int64_t value, int places, const Unit& unit);

}  // namespace kiln::sample
