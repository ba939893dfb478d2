package tests;

/** A group of facts about one shop. */
interface Chapter {
  void tell(Shop shop, Facts facts);
}
