/*
 * admin/exit - the exit codes of every command, as facteur(8) says
 */
#ifndef ADMIN_EXIT_H
#define ADMIN_EXIT_H

enum {
	EXIT_DONE = 0,   /* yes, or done */
	EXIT_NO = 1,     /* no, or refused */
	EXIT_USAGE = 2,  /* wrong usage */
	EXIT_AGAIN = 75, /* try again */
};

#endif
