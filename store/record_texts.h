#pragma once

#include <functional>
#include <string_view>

namespace freshet::store {

/// Visits the texts of a part of a record that is not a valid event, in which there may be an id of a user or session.
/// Of what looks like JSON, valid or not, these are texts, numbers and unknown names of members, as they were before they
/// were encoded: single quotes and none are read too, a text that is not closed ends with the record, and a text that is
/// JSON itself is searched. What `item`, `type`, `ts`, `value` and `consent` usually have is of everybody and not visited.
/// Any other part is visited whole, and so are the texts of JSON within it.
/// Total over all bytes.
void visit_texts(std::string_view part, const std::function<void(std::string_view)>& visit);

}  // namespace freshet::store
