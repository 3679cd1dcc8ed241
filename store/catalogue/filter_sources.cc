#include "store/catalogue/filter_sources.h"

#include <string_view>

#include "store/catalogue/folded_text.h"

namespace freshet::store {

const std::string& FilterSources::folded_name(CatalogueRow row) {
  if (row == named_) return name_;
  named_ = row;
  const std::string_view name = texts.item(row);
  work.take(1 + name.size() / FilterWork::kFoldedPerUnit);
  fold_text(name, name_);
  return name_;
}

const std::string& FilterSources::folded_text(CatalogueRow row) {
  if (row == read_) return text_;
  read_ = row;
  text_.clear();
  if (!work.take(FilterWork::kStoreRead)) return text_;
  const std::string_view text = texts.text(row);
  if (work.take(text.size() / FilterWork::kFoldedPerUnit)) fold_text(text, text_);
  return text_;
}

}  // namespace freshet::store
