/*
 * base/list - a doubly linked list threaded through the structures that it holds
 *
 * A struct list is both the head and the link.  list_init makes a head empty; a link must be in at
 * most one list.  Nothing is owned.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/str.h"

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *head)
{
	head->prev = head->next = head;
}

static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

static inline void list_insert(struct list *before, struct list *link)
{
	link->next = before;
	link->prev = before->prev;
	before->prev->next = link;
	before->prev = link;
}

static inline void list_append(struct list *head, struct list *link)
{
	list_insert(head, link);
}

static inline void list_prepend(struct list *head, struct list *link)
{
	list_insert(head->next, link);
}

/* Take a link out of its list; a link that was initialised or removed may be removed again. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* All links of from behind those of to; from is empty then. */
static inline void list_move_all(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

static inline struct list *list_first(const struct list *head)
{
	return list_empty(head) ? NULL : head->next;
}

/* The structure around a link. */
#define AROUND(link, type, field) ((type *)(void *)((char *)(link)-offsetof(type, field)))

#define LIST_EACH(link, head) \
	for (struct list *link = (head)->next; link != (head); link = link->next)

/* The body may remove, or free what is around, the link. */
#define LIST_EACH_SAFE(link, head)                                                        \
	for (struct list *link = (head)->next, *link##_next = link->next; link != (head); \
		link = link##_next, link##_next = link->next)

#endif
