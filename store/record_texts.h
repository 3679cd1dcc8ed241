#pragma once

#include <functional>
#include <string_view>

namespace freshet::store {

/// Where a record that is not a valid event may have the id of a user or session.
struct TextVisitor {
  std::function<void(std::string_view)> text;   ///< a whole text or number, as it was before it was encoded
  std::function<void(std::string_view)> prose;  ///< bytes without a structure: ids may be words in them
};

/// Visits the texts and numbers of a record's value that looks like JSON, valid or not: single quotes and none are read
/// too, a text that is not closed ends with the record, and a text that is JSON itself is searched. Names of members are
/// not visited, nor are `item`, `type`, `ts`, `value` and `consent`, which are of everybody. Any other value is prose.
/// Total over all bytes.
void visit_texts(std::string_view value, const TextVisitor& visitor);

}  // namespace freshet::store
