// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

namespace freshet::store {

/// What the reason of a dead letter quotes of the record; empty if nothing.
std::string_view quoted(std::string_view reason);

/// UTF-8 without control characters.
bool is_text(std::string_view bytes);

/// Visits the texts of a part of a record that is not a valid event, in which there may be an id of a user or session.
/// Of what looks like JSON, valid or not, these are texts, numbers and unknown names of members, as they were before they
/// were encoded: single quotes and none are read too, a text that is not closed ends with the record, and a text that is
/// JSON itself is searched. What `item`, `type`, `ts`, `value` and `consent` usually have is of everybody and not visited.
/// Any other part is visited whole, and so are the texts of JSON within it. What a text is without %XX, and the texts that
/// are in it as Base64, are visited too.
/// Total over all bytes.
/// Cost: in proportion to the bytes.
void visit_texts(std::string_view part, const std::function<void(std::string_view)>& visit);

}  // namespace freshet::store
